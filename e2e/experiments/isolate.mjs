// What it costs a call that each answer says which isolate gave it: this checkout's caller and runtime beside those of another that do not, in one
// workerd, in interleaved rounds.
// Usage, after scripts/build in both: node e2e/experiments/isolate.mjs --against FOLDER [--rounds 15] [--calls 2000] [--bytes 100]
import { resolve } from "node:path";
import { interleave, meanUs, median, middleHalf, options, printMachine, printTable, ratios } from "./rounds.mjs";
import { serve } from "./workerd.mjs";

const { against, rounds, calls, bytes } = options({ against: "", rounds: 15, calls: 2000, bytes: 100 });
if (against === "") throw new Error("--against FOLDER: a checkout whose answers do not name their isolate");
const TRANSPORTS = ["service-binding", "rpc", "msgpack", "websocket", "capnweb-batch"];
const pair = (name, root) => ({
  [`runtime-${name}`]: { folder: resolve(root, "runtime-worker/build") },
  [`caller-${name}`]: { folder: resolve(root, "caller-worker/build"), bindings: { RUNTIME: `runtime-${name}#Runtime` } },
});

const workers = await serve({ ...pair("without", against), ...pair("with", "."), ...pair("again", against) });
try {
  const measured = {};
  for (const transport of TRANSPORTS) {
    for (const name of ["without", "with", "again"]) measured[`${transport}, ${name}`] = () => meanUs(workers.url(`caller-${name}`), { transport, payload_bytes: bytes, samples: calls });
  }
  const figures = await interleave(rounds, measured);
  const rows = TRANSPORTS.map((transport) => {
    const of = (name) => figures[`${transport}, ${name}`];
    // The same build once more: by how much two of the same differ.
    const [ratio, same] = [ratios(of("with"), of("without")), ratios(of("again"), of("without"))];
    const half = middleHalf(ratio).map((r) => r.toFixed(3)).join(" to ");
    return [transport, median(of("without")).toFixed(1), median(of("with")).toFixed(1), median(ratio).toFixed(3), half, median(same).toFixed(3)];
  });
  printTable(["transport", "without, us a call", "with, us a call", "ratio", "middle half of the rounds", "the same build again"], rows);
  printMachine();
} finally {
  workers.stop();
}
