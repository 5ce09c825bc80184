// What it costs a call that each answer says which isolate gave it: this checkout's caller and runtime beside those of another that do not, in one
// workerd, in interleaved rounds. By the clock, on a machine of its own; or by the CPU time of that process (Linux only), which other work on the machine
// disturbs less, but which has what V8 compiles and collects on the side in it.
// Usage, after scripts/build in both: node e2e/experiments/isolate.mjs --against FOLDER [--by clock] [--rounds 61] [--calls 500] [--bytes 100]
import { resolve } from "node:path";
import { interleave, median, middleHalf, options, printMachine, printTable, ratios, slice } from "./rounds.mjs";
import { cpuUs, serve } from "./workerd.mjs";

const { against, by, rounds, calls, bytes } = options({ against: "", by: "clock", rounds: 61, calls: 500, bytes: 100 });
if (!["clock", "cpu"].includes(by)) throw new Error("--by takes clock or cpu");
if (against === "") throw new Error("--against FOLDER: a checkout whose answers do not name their isolate");
const TRANSPORTS = ["service-binding", "rpc", "msgpack", "websocket", "capnweb-batch"];
const pair = (name, root) => ({
  [`runtime-${name}`]: { folder: resolve(root, "runtime-worker/build") },
  [`caller-${name}`]: { folder: resolve(root, "caller-worker/build"), bindings: { RUNTIME: `runtime-${name}#Runtime` } },
});

const workers = await serve({ ...pair("without", against), ...pair("with", "."), ...pair("again", against) });

async function ofACall(name, transport) {
  const once = async () => {
    const before = cpuUs(workers.pid);
    const { elapsed_ms: elapsed } = await slice(workers.url(`caller-${name}`), { transport, payload_bytes: bytes, samples: calls });
    return (by === "cpu" ? cpuUs(workers.pid) - before : elapsed * 1000) / calls;
  };
  // The server closes a connection that was idle for 5 s, perhaps just as it is used again.
  return once().catch(once);
}

try {
  const measured = {};
  for (const transport of TRANSPORTS) {
    for (const name of ["without", "with", "again"]) measured[`${transport}, ${name}`] = () => ofACall(name, transport);
  }
  const figures = await interleave(rounds, measured);
  const rows = TRANSPORTS.map((transport) => {
    const of = (name) => figures[`${transport}, ${name}`];
    // The same build once more: by how much two of the same differ.
    const [ratio, same] = [ratios(of("with"), of("without")), ratios(of("again"), of("without"))];
    const half = middleHalf(ratio).map((r) => r.toFixed(3)).join(" to ");
    return [transport, median(of("without")).toFixed(1), median(of("with")).toFixed(1), median(ratio).toFixed(3), half, median(same).toFixed(3)];
  });
  printTable(["transport", `without, us of ${by} a call`, "with", "ratio", "middle half of the rounds", "the same build again"], rows);
  printMachine();
} finally {
  workers.stop();
}
