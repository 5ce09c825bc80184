// What a stub costs: in JavaScript, with the crate `worker` as its documentation shows it, and ours, all before the same native runtime, in one
// workerd, in interleaved rounds; with what each adds to a Worker in gzipped bytes.
// Usage, after scripts/build: node e2e/experiments/stubs.mjs [--rounds 15] [--calls 2000] [--bytes 100]
// Builds the stub of the crate `worker` first, a minute the first time.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { interleave, meanUs, median, middleHalf, options, printMachine, printTable, ratios } from "./rounds.mjs";
import { ROOT, serve } from "./workerd.mjs";

const { rounds, calls, bytes } = options({ rounds: 15, calls: 2000, bytes: 100 });
const CRATE = "e2e/experiments/stubs/worker-crate";
execFileSync(join(ROOT, "e2e/experiments/build-worker-crate"), { stdio: ["ignore", "ignore", "inherit"] });

const STUBS = {
  JavaScript: { serves: "javascript", sizes: () => ["e2e/experiments/stubs/javascript", "e2e/experiments/stubs/javascript"] },
  "crate worker": { serves: "worker-crate", sizes: () => [`${CRATE}/build`, `${CRATE}/build`] },
  // The caller-worker runs crate `stub` in its loop; what a team would deploy of it are the two thin Workers.
  "crate stub": { serves: "caller", sizes: () => ["stub/build/service-binding", "stub/build/rpc"] },
};
const TRANSPORTS = ["service-binding", "rpc"];

const workers = await serve({
  runtime: { folder: "runtime-worker/build" },
  javascript: { folder: "e2e/experiments/stubs/javascript", bindings: { RUNTIME: "runtime#Runtime" } },
  "worker-crate": { folder: `${CRATE}/build`, bindings: { RUNTIME: "runtime#Runtime" } },
  caller: { folder: "caller-worker/build", bindings: { RUNTIME: "runtime#Runtime" } },
});
try {
  const measured = {};
  for (const transport of TRANSPORTS) {
    for (const [name, { serves }] of Object.entries(STUBS)) {
      measured[`${transport}, ${name}`] = () => meanUs(workers.url(serves), { transport, payload_bytes: bytes, samples: calls });
    }
  }
  const figures = await interleave(rounds, measured);
  const rows = [];
  TRANSPORTS.forEach((transport, which) => {
    const floor = figures[`${transport}, JavaScript`];
    for (const [name, { sizes }] of Object.entries(STUBS)) {
      const values = figures[`${transport}, ${name}`];
      const ratio = ratios(values, floor);
      const folder = sizes()[which];
      rows.push([transport, name, median(values).toFixed(1), median(ratio).toFixed(2), middleHalf(ratio).map((r) => r.toFixed(2)).join(" to "),
        kilobytes(`${folder}/index_bg.wasm`), kilobytes(`${folder}/index.js`)]);
    }
  });
  printTable(["transport", "stub", "us a call", "ratio to JavaScript", "middle half of the rounds", "wasm, KB gzip", "js, KB gzip"], rows);
  printMachine();
} finally {
  workers.stop();
}

function kilobytes(file) {
  const path = join(ROOT, file);
  // By the same program as in scripts/build: another packs differently.
  return existsSync(path) ? (execFileSync("gzip", ["-9c", path], { maxBuffer: 1 << 26 }).length / 1000).toFixed(1) : "none";
}
