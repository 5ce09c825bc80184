// The same Workers served by workerd alone, as `rpc-latency` serves them, and through `wrangler dev`: how long each takes to answer, and what a call
// costs on each. In each round both run the same plan, in an order that is drawn anew; both are up all the time, and one is asked at a time.
// Usage, after scripts/build and cargo build -p cli: node e2e/experiments/serving.mjs [--wrangler PROGRAM] [--rounds 5] [--samples 440]
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { interleave, median, middleHalf, options, printMachine, printTable, ratios } from "./rounds.mjs";
import { ROOT } from "./workerd.mjs";

const { wrangler, rounds, samples } = options({ wrangler: "node_modules/.bin/wrangler", rounds: 5, samples: 440 });
const PLAN = { transports: ["direct", "service-binding", "rpc"], functions: ["echo"], payload_bytes: [100, 10_000], breakdown: false, samples_per_cell: samples };
const FIGURES = { p50_us: "p50", p95_us: "p95", chain_mean_us: "mean, back-to-back" };
const [START_MS, RUN_MS, PAUSE_MS] = [120_000, 300_000, 50];
const CONFIGURATIONS = ["wrangler.toml", "caller-worker/wrangler.toml", "runtime-worker/wrangler.toml"];
const PARTS = ["orchestrator/build", "caller-worker/build", "runtime-worker/build", "dashboard/build"];
const headers = { authorization: "Bearer local-development-token" };

const home = mkdtempSync(join(tmpdir(), "rpc-latency-experiment-"));
const servers = [];

async function freePort() {
  const probe = createServer();
  await new Promise((ready) => probe.listen(0, "127.0.0.1", ready));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

// A server in a process group of its own; returns its address and how long it took to answer there.
async function start(name, program, args, port, cwd) {
  const log = join(home, `${name}.log`);
  const out = openSync(log, "w");
  const began = performance.now();
  const server = spawn(program, args, { cwd, detached: true, stdio: ["ignore", out, out], env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } });
  servers.push(server);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health`).then((answer) => answer.ok, () => false))) {
    const late = performance.now() - began > START_MS;
    if (late || server.exitCode !== null) throw new Error(`${name} does not answer:\n${readFileSync(log, "utf8").slice(-2000)}`);
    await new Promise((wake) => setTimeout(wake, PAUSE_MS));
  }
  return { url, startMs: performance.now() - began };
}

async function byWorkerd() {
  const port = await freePort();
  return start("workerd", resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug/rpc-latency"), ["serve", "--port", `${port}`, "--project", ROOT], port, ROOT);
}

async function byWrangler() {
  const copy = join(home, "wrangler");
  for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  for (const file of CONFIGURATIONS) {
    cpSync(join(ROOT, file), join(copy, file));
    cpSync(join(ROOT, ".dev.vars.example"), join(copy, file.replace("wrangler.toml", ".dev.vars")));
  }
  mkdirSync(join(copy, "state"));
  const port = await freePort();
  const configurations = CONFIGURATIONS.flatMap((file) => ["--config", file]);
  const rest = ["--ip", "127.0.0.1", "--port", `${port}`, "--inspector-port", "0", "--persist-to", "state", "--show-interactive-dev-session", "false"];
  // A name without a slash is looked up in PATH.
  const program = existsSync(wrangler) ? resolve(wrangler) : wrangler;
  return start("wrangler", program, ["dev", ...configurations, ...rest], port, copy);
}

async function asked(url, method, path, body) {
  const response = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

// One run, start to end. Returns its cells by their ids.
async function measure(url) {
  const { id } = await asked(url, "POST", "/runs", PLAN);
  const expires = performance.now() + RUN_MS;
  for (;;) {
    const run = await asked(url, "GET", `/runs/${id}`);
    if (run.state === "completed") break;
    if (["failed", "cancelled"].includes(run.state) || performance.now() > expires) throw new Error(JSON.stringify(run));
    await new Promise((wake) => setTimeout(wake, 500));
  }
  const { cells } = await asked(url, "GET", `/results/${id}`);
  return Object.fromEntries(cells.map((cell) => [cell.id, cell]));
}

// The median over the runs; what a run could not resolve is below its resolution.
function ms(runs, id, field) {
  const [values, resolutions] = ["value", "resolution"].map((part) => runs.map((cells) => cells[id][field][part]));
  if (values.includes(null)) return "not stated";
  const [value, resolution] = [median(values), median(resolutions)];
  return value > resolution ? (value / 1000).toFixed(3) : `< ${(resolution / 1000).toFixed(3)}`;
}

try {
  const ways = { "workerd alone": await byWorkerd(), "wrangler dev": await byWrangler() };
  for (const [name, { startMs }] of Object.entries(ways)) console.log(`${name}: answered after ${(startMs / 1000).toFixed(1)} s`);
  const figures = await interleave(rounds, Object.fromEntries(Object.entries(ways).map(([name, { url }]) => [name, () => measure(url)])));
  const [alone, through] = [figures["workerd alone"], figures["wrangler dev"]];
  const rows = Object.keys(alone[0]).flatMap((id) =>
    Object.entries(FIGURES).map(([field, name]) => {
      const of = (runs) => runs.map((cells) => cells[id][field].value);
      const [a, b] = [of(alone), of(through)];
      // What a run could not state, or not resolve, has no ratio.
      const isResolved = [...alone, ...through].every((cells) => cells[id][field].value > cells[id][field].resolution);
      const ratio = isResolved ? ratios(b, a) : undefined;
      const half = ratio ? middleHalf(ratio).map((r) => r.toFixed(2)).join(" to ") : "";
      return [id, name, ms(alone, id, field), ms(through, id, field), ratio ? median(ratio).toFixed(2) : "", half];
    }),
  );
  printTable(["cell", "figure", "workerd alone, ms", "wrangler dev, ms", "ratio", "middle half of the rounds"], rows);
  printMachine();
} finally {
  for (const server of servers) {
    try {
      process.kill(-server.pid, "SIGTERM");
      await Promise.race([new Promise((ended) => server.once("exit", ended)), new Promise((wake) => setTimeout(wake, 5_000))]);
      process.kill(-server.pid, "SIGKILL");
    } catch {
      // it has ended
    }
  }
  rmSync(home, { recursive: true, force: true });
}
