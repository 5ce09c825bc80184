// What it costs to reach the runtime by a named entrypoint instead of the default one, in one workerd, in interleaved rounds.
// Usage, after scripts/build: node e2e/experiments/entrypoint.mjs [--rounds 15] [--calls 2000] [--bytes 100]
import { interleave, meanUs, median, middleHalf, options, printMachine, printTable, ratios } from "./rounds.mjs";
import { serve } from "./workerd.mjs";

const { rounds, calls, bytes } = options({ rounds: 15, calls: 2000, bytes: 100 });
const BOTH = 'export { default, default as Bound } from "index.js";';
// Two callers, and twice the default: what differs between those is noise.
const CALLERS = { default: "runtime", "default again": "runtime", named: "runtime#Bound" };

const workers = await serve({
  runtime: { folder: "runtime-worker/build", entry: BOTH },
  ...Object.fromEntries(Object.entries(CALLERS).map(([name, target]) => [name.replace(" ", "-"), { folder: "caller-worker/build", bindings: { RUNTIME: target } }])),
});
try {
  const measured = {};
  for (const transport of ["service-binding", "rpc"]) {
    for (const name of Object.keys(CALLERS)) {
      measured[`${transport}, ${name}`] = () => meanUs(workers.url(name.replace(" ", "-")), { transport, payload_bytes: bytes, samples: calls });
    }
  }
  const figures = await interleave(rounds, measured);
  const rows = Object.entries(figures).map(([name, values]) => {
    const ratio = ratios(values, figures[`${name.split(",")[0]}, default`]);
    return [name, median(values).toFixed(1), median(ratio).toFixed(3), middleHalf(ratio).map((r) => r.toFixed(3)).join(" to ")];
  });
  printTable(["transport, entrypoint", "us a call", "ratio to the default", "middle half of the rounds"], rows);
  printMachine();
} finally {
  workers.stop();
}
