// The poll spacing of the interpolated timer: builds the caller with each spacing, and measures with all of them side by side what polling does to
// the calls after it. docs/methodology.md, "Choosing the poll spacing", has the result.
// Usage, after `scripts/build --test-functions`: node e2e/experiments/spacing.mjs [--rounds 100] [--steps 0,25,50,100,200,400,800,1600,3200]
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { interleave, median, options, printMachine, printTable, quantile, slice } from "./rounds.mjs";
import { ROOT, serve } from "./workerd.mjs";

const given = options({ rounds: 100, steps: "0,25,50,100,200,400,800,1600,3200" });
const spacings = given.steps.split(",").map(Number);
const HOME = join(ROOT, "target/experiments");
const TREE = join(HOME, "tree");
const CONSTANT = /(pub const POLL_SPACING_STEPS: u32 = )\d+;/;
// The probe takes a clock for a standing one that shows no change over so many polls. They must outlast some ticks at every spacing: 4.5 ms, as at
// the product's own spacing. One poll takes 53 ns and 3.7 ns a step on workerd here.
const PROBE_POLLS = /polls: 3_000,/;
const probePolls = (steps) => Math.round(4.5e6 / (53 + 3.7 * steps));
const SAMPLES = 20;
const CHAIN = 200;

// A copy of what git knows of the project, whose constant can be changed without touching the project's own build.
function copyProject() {
  rmSync(join(TREE, "measurement"), { recursive: true, force: true });
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files.filter((file) => existsSync(join(ROOT, file)))) {
    mkdirSync(dirname(join(TREE, file)), { recursive: true });
    cpSync(join(ROOT, file), join(TREE, file), { preserveTimestamps: true });
  }
  if (!existsSync(join(TREE, "node_modules"))) symlinkSync(join(ROOT, "node_modules"), join(TREE, "node_modules"));
}

function buildCaller(steps) {
  change("measurement/src/clock/edge.rs", CONSTANT, `$1${steps};`);
  change("measurement/src/probe.rs", PROBE_POLLS, `polls: ${probePolls(steps)},`);
  console.error(`==> the caller with ${steps} steps between two polls`);
  execFileSync(join(TREE, "scripts/build"), ["--test-functions", "caller-worker"], { stdio: ["ignore", "ignore", "inherit"] });
  cpSync(join(TREE, "caller-worker/build-test"), join(HOME, `caller-${steps}`), { recursive: true });
}

// Changes a file of the copy, from what it is in the project.
function change(file, pattern, by) {
  const source = readFileSync(join(ROOT, file), "utf8");
  if (!pattern.test(source)) throw new Error(`${file} does not match ${pattern}`);
  writeFileSync(join(TREE, file), source.replace(pattern, by));
}

copyProject();
for (const steps of spacings) buildCaller(steps);

const name = (steps) => `caller-${steps}`;
const workers = await serve({
  runtime: { folder: "runtime-worker/build-test" },
  ...Object.fromEntries(spacings.map((steps) => [name(steps), { folder: join(HOME, name(steps)), bindings: { RUNTIME: "runtime#Runtime" } }])),
});
try {
  const ask = (steps, request) => slice(workers.url(name(steps)), { timer: "interpolated", samples: SAMPLES, warmup: 2, ...request });
  const once = async (steps) => ({
    burn: await ask(steps, { transport: "direct", function: "burn" }),
    fetch: await ask(steps, { transport: "service-binding", chain: CHAIN }),
    rpc: await ask(steps, { transport: "rpc", chain: CHAIN }),
  });
  const found = await interleave(given.rounds, Object.fromEntries(spacings.map((steps) => [steps, () => once(steps)])));
  printTable(
    ["steps", "polls per ms", "around nothing p50", "p95", "p99", "burn p50", "robust sd", "fetch p50", "p95", "more than chain", "RPC p50", "p95", "more than chain", "lost"],
    spacings.map((steps) => row(steps, found[steps])),
  );
  console.log(`\n${given.rounds} rounds of ${SAMPLES} readings of each kind, times in microseconds; the burn takes 300.`);
  printMachine();
} finally {
  workers.stop();
}

function row(steps, rounds) {
  const us = (kind, field) => rounds.flatMap((round) => round[kind][field]).map((ns) => ns / 1000);
  const nothing = ["burn", "fetch", "rpc"].flatMap((kind) => us(kind, "noise_floor_ns"));
  const burn = us("burn", "samples");
  const centre = median(burn);
  // 1.4826: standard deviations to a median absolute deviation, for a normal distribution
  const robust = 1.4826 * median(burn.map((value) => Math.abs(value - centre)));
  const isolation = (kind) => median(rounds.map(({ [kind]: { samples, chain } }) => median(samples) / 1000 - (chain.elapsed_ms * 1000) / chain.calls));
  const lost = rounds.flatMap((round) => Object.values(round)).reduce((sum, answer) => sum + (answer.lost ?? 0), 0) / (rounds.length * 3 * SAMPLES);
  const figures = [median(nothing), quantile(nothing, 0.95), quantile(nothing, 0.99), centre, robust,
    median(us("fetch", "samples")), quantile(us("fetch", "samples"), 0.95), isolation("fetch"),
    median(us("rpc", "samples")), quantile(us("rpc", "samples"), 0.95), isolation("rpc")];
  const polls = median(rounds.map((round) => round.fetch.clock.polls_per_tick));
  return [steps, polls.toFixed(0), ...figures.map((figure) => figure.toFixed(1)), `${(100 * lost).toFixed(1)} %`];
}
