// Against plain JavaScript: our stub and runtime beside a pair that does the least that JavaScript can, in one workerd, in interleaved rounds.
// Usage, after scripts/build: node e2e/experiments/floor.mjs [--rounds 15] [--calls 2000] [--transports service-binding,rpc,msgpack]
import { interleave, meanUs, median, middleHalf, options, printMachine, printTable, ratios } from "./rounds.mjs";
import { serve } from "./workerd.mjs";

const { rounds, calls, transports, sizes } = options({ rounds: 15, calls: 2000, transports: "service-binding,rpc,msgpack", sizes: "100,1000,10000,100000" });

const workers = await serve({
  "floor-runtime": { folder: "e2e/experiments/floor/runtime" },
  "floor-stub": { folder: "e2e/experiments/floor/stub", bindings: { RUNTIME: "floor-runtime", FUNCTIONS: "floor-runtime#Functions" } },
  runtime: { folder: "runtime-worker/build" },
  caller: { folder: "caller-worker/build", bindings: { RUNTIME: "runtime#Runtime" } },
});
try {
  const rows = [];
  for (const size of sizes.split(",").map(Number)) {
    // As many bytes for each size, and never so few calls that the clock's step shows.
    const samples = Math.max(200, Math.round(calls * Math.min(1, 1000 / size)));
    const request = { payload_bytes: size, samples };
    const figures = await interleave(rounds, {
      "JavaScript, fetch": () => meanUs(workers.url("floor-stub"), { ...request, transport: "service-binding" }),
      "JavaScript, RPC": () => meanUs(workers.url("floor-stub"), { ...request, transport: "rpc" }),
      ...Object.fromEntries(transports.split(",").map((transport) => [transport, () => meanUs(workers.url("caller"), { ...request, transport })])),
    });
    for (const [name, values] of Object.entries(figures)) {
      const ratio = ratios(values, figures["JavaScript, fetch"]);
      const [low, high] = middleHalf(ratio);
      rows.push([name, size, median(values).toFixed(1), median(ratio).toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`]);
    }
  }
  printTable(["", "bytes", "us a call", "ratio to JavaScript, fetch", "middle half of the rounds"], rows);
  printMachine();
} finally {
  workers.stop();
}
