// A runtime of another's making, as little as it takes to be measured: `echo`, and a function that only it knows, over three transports.
// docs/contracts.md has the contract; e2e/workers/javascript-runtime keeps every point of it.
import { WorkerEntrypoint } from "cloudflare:workers";

const FUNCTIONS = {
  echo: (payload) => payload,
  "count-letters": (payload) => {
    const counts = {};
    for (const letter of JSON.stringify(payload)) counts[letter] = (counts[letter] ?? 0) + 1;
    return counts;
  },
};
const capabilities = { transports: ["service-binding", "raw-fetch", "rpc"], functions: Object.keys(FUNCTIONS) };

const json = (body, status = 200) =>
  Response.json(body, { status, headers: status === 200 ? {} : { "content-type": "application/problem+json" } });
const refuse = (status, detail, ...fields) =>
  json({ type: "about:blank", title: "Error", status, detail, errors: fields.map((field) => ({ field, detail })) }, status);

async function execute(request) {
  const { functionId, payload } = await request.json();
  if (!Object.hasOwn(FUNCTIONS, functionId)) return refuse(400, `unknown function ${functionId}`, "functionId");
  return json({ result: FUNCTIONS[functionId](payload), runtimeTimestamp: Date.now(), executionTimeMs: 0 });
}

function answer(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/nothing") return new Response(null, { status: 204 });
  return pathname.startsWith("/execute") ? execute(request) : refuse(404, "there is no such path");
}

export class Runtime extends WorkerEntrypoint {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return json({ status: "ok", worker: "foreign-runtime", version: "1", capabilities });
    return answer(request);
  }

  execute(functionId, payload) {
    const result = FUNCTIONS[functionId](JSON.parse(new TextDecoder().decode(payload)));
    return new TextEncoder().encode(JSON.stringify(result));
  }
}

// What anyone can reach.
export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return json({ status: "ok", worker: "foreign-runtime", version: "1" });
    if (request.headers.get("authorization") !== `Bearer ${env.RUNTIME_TOKEN}`) return refuse(401, "the token is missing or wrong");
    return answer(request);
  },
};
