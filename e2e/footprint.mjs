// What Workers weigh: size, CPU of their global scope, and memory of an isolate after many calls; with budgets. `scripts/build --runtimes` runs it.
// Usage: node e2e/footprint.mjs WORKER...     a WORKER is the folder of one, with its build in it
// Prints a table, and ends with status 1 if a budget is exceeded.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT, cpuUs, serve } from "./experiments/workerd.mjs";
import { inspect } from "./footprint/inspector.mjs";

// The platform's limits are 1 s of CPU at global scope and 128 MB an isolate. Budgets keep a distance: a machine may be slower than this one.
const BUDGETS = { startMs: 500, memoryMb: 110, growth: 0.1 };
const GZIP_MB = { "pyodide-runtime": 9, "pyodide-caller": 9, "runtime-worker": 0.12, "caller-worker": 0.16, orchestrator: 1 };
const RUNTIMES = ["runtime-worker", "pyodide-runtime"];
const [EARLY_CALLS, CALLS] = [1_000, 10_000];
// Calls that one request of the driver makes; more would be one long event.
const CALLS_PER_REQUEST = 500;

const MB = 1_000_000;
const say = (...cells) => console.log(cells[0].padEnd(17) + cells.slice(1).map((cell) => `${cell}`.padStart(14)).join(""));

const workers = process.argv.slice(2);
if (!workers.length) {
  console.error("usage: node e2e/footprint.mjs WORKER...");
  process.exit(2);
}
const excesses = [];
const emptyMs = await emptyWorker();
console.log("Start: CPU of global scope (the platform allows 1,000 ms); load: that with the compiling of wasm before it.");
console.log("Memory: JavaScript's heap + wasm and buffers, MB, after 1,000 and 10,000 calls.");
say("Worker", "raw MB", "gzip MB", "budget", "start CPU ms", "budget", "load CPU ms", "at 1,000", "at 10,000", "budget");
for (const folder of workers) await weigh(folder);
for (const excess of excesses) console.error(`error: ${excess}`);
process.exit(excesses.length ? 1 : 0);

async function weigh(folder) {
  const name = basename(folder);
  const build = join(folder, "build");
  const { raw, gzip } = size(build);
  const { startMs, loadMs } = await start(name, build);
  const memory = RUNTIMES.includes(name) ? await memoryAfterCalls(name, build) : undefined;
  const parts = ({ heap, buffers }) => `${heap.toFixed(1)} + ${buffers.toFixed(1)}`;
  const figures = memory ? [parts(memory.early), parts(memory.late), BUDGETS.memoryMb] : [];
  say(name, (raw / MB).toFixed(2), (gzip / MB).toFixed(2), GZIP_MB[name] ?? "-", startMs.toFixed(0), BUDGETS.startMs, loadMs.toFixed(0), ...figures);
  hold(name, "gzipped size", gzip / MB, GZIP_MB[name], "MB");
  hold(name, "CPU at global scope", startMs, BUDGETS.startMs, "ms");
  hold(name, "isolate memory after 10,000 calls", memory?.late.all, BUDGETS.memoryMb, "MB");
  hold(name, "growth of isolate memory from call 1,000 to 10,000", memory && memory.late.all / memory.early.all - 1, BUDGETS.growth, "of it");
}

function hold(name, what, value, budget, unit) {
  if (value > budget) excesses.push(`${name}: ${what} is ${value.toFixed(2)} ${unit}, over the budget of ${budget}`);
}

// All modules that are deployed.
function size(build) {
  const modules = readdirSync(resolve(ROOT, build)).filter((file) => /\.(js|wasm|bin|txt)$/.test(file));
  const bytes = modules.map((file) => readFileSync(resolve(ROOT, build, file)));
  const sum = (sizes) => sizes.reduce((total, next) => total + next, 0);
  return { raw: sum(bytes.map((module) => module.length)), gzip: sum(bytes.map((module) => gzipSync(module, { level: 9 }).length)) };
}

// CPU of global scope, as `wrangler check startup` measures it: the Worker is imported inside a request while the CPU profiler runs. That one leaves
// the profile to the reader; here its samples are added up. What workerd does before it runs any code (it compiles wasm) is in no profile, so CPU
// of the whole process is there, too, less that of a process with an empty Worker.
async function start(name, build) {
  const entry = `export default { async fetch() { await import("index.js"); return new Response("ok"); } };`;
  const served = await serve({ [name]: { folder: build, entry } }, { inspect: true });
  try {
    const inspector = await inspect(served, name);
    await inspector.send("Profiler.enable");
    await inspector.send("Profiler.setSamplingInterval", { interval: 200 });
    await inspector.send("Profiler.start");
    await expectOk(await fetch(served.url(name)));
    const { profile } = await inspector.send("Profiler.stop");
    inspector.close();
    return { startMs: busyMs(profile), loadMs: cpuUs(served.pid) / 1_000 - emptyMs };
  } finally {
    served.stop();
  }
}

async function emptyWorker() {
  const served = await serve({ empty: { folder: "e2e/footprint", entry: 'export default { fetch: () => new Response("ok") };' } }, { inspect: true });
  try {
    await expectOk(await fetch(served.url("empty")));
    return cpuUs(served.pid) / 1_000;
  } finally {
    served.stop();
  }
}

function busyMs({ nodes, samples, timeDeltas }) {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id));
  // A delta is the time before its sample.
  const busy = timeDeltas.filter((_, index) => !idle.has(samples[index]));
  return busy.reduce((sum, delta) => sum + Math.max(delta, 0), 0) / 1_000;
}

async function memoryAfterCalls(name, build) {
  const entry = `const CALLS = ${CALLS_PER_REQUEST};\n${readFileSync(join(ROOT, "e2e/footprint/driver.js"), "utf8")}`;
  const driver = { folder: build, entry, bindings: { RUNTIME: `${name}#Runtime` } };
  const served = await serve({ [name]: { folder: build }, driver }, { inspect: true });
  try {
    const inspector = await inspect(served, name);
    const found = [];
    for (let calls = 0; calls < CALLS; calls += CALLS_PER_REQUEST) {
      if (calls === EARLY_CALLS) found.push(await memory(inspector));
      await expectOk(await fetch(served.url("driver")));
    }
    found.push(await memory(inspector));
    inspector.close();
    return { early: found[0], late: found[1] };
  } finally {
    served.stop();
  }
}

// JavaScript's heap, and what is outside of it, wasm's memories and other buffers, in MB, after a collection of garbage.
async function memory(inspector) {
  const chunks = [];
  inspector.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  // A snapshot collects garbage first, and has wasm's memories in it, which the usage of the heap has not.
  await inspector.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  const { usedSize, embedderHeapUsedSize = 0 } = await inspector.send("Runtime.getHeapUsage");
  const heap = (usedSize + embedderHeapUsedSize) / MB;
  const buffers = bufferBytes(JSON.parse(chunks.join(""))) / MB;
  return { heap, buffers, all: heap + buffers };
}

function bufferBytes({ snapshot, nodes, strings }) {
  const fields = snapshot.meta.node_fields;
  const [name, size] = [fields.indexOf("name"), fields.indexOf("self_size")];
  let bytes = 0;
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (strings[nodes[node + name]] === "system / JSArrayBufferData") bytes += nodes[node + size];
  }
  if (!bytes) throw new Error("the heap snapshot has no buffer, so not the memory of wasm: V8 names it otherwise now");
  return bytes;
}

async function expectOk(response) {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`a Worker answered with status ${response.status}: ${text}`);
}
