// The two stubs that only delegate, on plain workerd with the runtime: what they answer goes to standard output as JSON for the test to judge.
import { serve } from "../experiments/workerd.mjs";

const workers = await serve({
  runtime: { folder: "runtime-worker/build" },
  "service-binding": { folder: "stub/build/service-binding", bindings: { RUNTIME: "runtime#Runtime" } },
  rpc: { folder: "stub/build/rpc", bindings: { RUNTIME: "runtime#Runtime" } },
  unbound: { folder: "stub/build/rpc" },
});

async function ask(stub, path, body, method = "POST") {
  const response = await fetch(`${workers.url(stub)}${path}`, { method, body });
  const [type, allow] = [response.headers.get("content-type"), response.headers.get("allow")];
  return { status: response.status, type, allow, body: JSON.parse(await response.text()) };
}

try {
  const found = {};
  for (const stub of ["service-binding", "rpc"]) {
    found[stub] = {
      echo: await ask(stub, "/echo", '{"text":"gr\u00fc\u00dfe"}'),
      long: (await ask(stub, "/echo", JSON.stringify("x".repeat(100_000)))).body.length,
      transform: await ask(stub, "/transform", "[ 1, 2.5 ]"),
      unknown: await ask(stub, "/walk", "1"),
      notJson: await ask(stub, "/echo", '1,"functionId":"compute"'),
      get: await ask(stub, "/echo", undefined, "GET"),
    };
  }
  found.unbound = await ask("unbound", "/echo", "1");
  console.log(JSON.stringify(found));
} finally {
  workers.stop();
}
