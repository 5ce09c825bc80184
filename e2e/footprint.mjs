// What Workers weigh: size, CPU of their global scope, and memory of an isolate after many calls; with budgets. `scripts/build --runtimes` runs it.
// Usage: node e2e/footprint.mjs WORKER...     a WORKER is the folder of one, with its build in it
// Prints a table, and ends with status 1 if a budget is exceeded.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT, serve } from "./experiments/workerd.mjs";
import { inspect } from "./footprint/inspector.mjs";

// The platform's limits are 1 s of CPU at global scope and 128 MB an isolate. Budgets keep a distance: a machine may be slower than this one.
const BUDGETS = { startMs: 500, memoryMb: 110, growth: 0.1 };
const GZIP_MB = { "pyodide-runtime": 9, "runtime-worker": 0.12, "caller-worker": 0.15, orchestrator: 0.85 };
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
say("Worker", "raw MB", "gzip MB", "budget", "start CPU ms", "budget", "MB at 1,000", "MB at 10,000", "budget");
for (const folder of workers) await weigh(folder);
for (const excess of excesses) console.error(`error: ${excess}`);
process.exit(excesses.length ? 1 : 0);

async function weigh(folder) {
  const name = basename(folder);
  const build = join(folder, "build");
  const { raw, gzip } = size(build);
  const startMs = await startCpu(name, build);
  const memory = RUNTIMES.includes(name) ? await memoryAfterCalls(name, build) : undefined;
  const figures = memory ? [memory.early.toFixed(1), memory.late.toFixed(1), BUDGETS.memoryMb] : ["", "", ""];
  say(name, (raw / MB).toFixed(2), (gzip / MB).toFixed(2), GZIP_MB[name] ?? "-", startMs.toFixed(0), BUDGETS.startMs, ...figures);
  if (memory) say("", "", "", "", "", "", memory.early_parts, memory.late_parts);
  hold(name, "gzipped size", gzip / MB, GZIP_MB[name], "MB");
  hold(name, "CPU at global scope", startMs, BUDGETS.startMs, "ms");
  hold(name, "isolate memory after 10,000 calls", memory?.late, BUDGETS.memoryMb, "MB");
  hold(name, "growth of isolate memory from call 1,000 to 10,000", memory && memory.late / memory.early - 1, BUDGETS.growth, "of it");
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

// As `wrangler check startup` measures it: the Worker is imported inside a request while the CPU profiler runs. That one leaves the profile to the
// reader; here its samples are added up.
async function startCpu(name, build) {
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
    return busyMs(profile);
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
  const driver = { folder: build, entry, bindings: { RUNTIME: name } };
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
    const [early, late] = found;
    const parts = ({ heap, wasm, buffers }) => `${heap.toFixed(0)}+${wasm.toFixed(0)}+${buffers.toFixed(0)}`;
    return { early: early.all, late: late.all, early_parts: parts(early), late_parts: parts(late) };
  } finally {
    served.stop();
  }
}

// JavaScript's heap, wasm's memories, and other buffers, in MB, after a collection of garbage.
async function memory(inspector) {
  await inspector.send("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await inspector.send("Runtime.getHeapUsage");
  const wasm = await wasmMemory(inspector);
  const heap = (usedSize + embedderHeapUsedSize) / MB;
  const buffers = Math.max(backingStorageSize / MB - wasm, 0);
  return { heap, wasm, buffers, all: heap + wasm + buffers };
}

async function wasmMemory(inspector) {
  const { result } = await inspector.send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  const { objects } = await inspector.send("Runtime.queryObjects", { prototypeObjectId: result.objectId });
  const functionDeclaration = "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }";
  const sum = await inspector.send("Runtime.callFunctionOn", { functionDeclaration, objectId: objects.objectId, returnByValue: true });
  return sum.result.value / MB;
}

async function expectOk(response) {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`a Worker answered with status ${response.status}: ${text}`);
}
