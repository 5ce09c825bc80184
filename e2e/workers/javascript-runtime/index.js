// A runtime as another team might write it, which keeps every point of docs/contracts.md, but for the one whose fault it is told to have:
// `POST /fault` over the binding with the point's name.
import { RpcTarget, newHttpBatchRpcResponse, newWorkersWebSocketRpcResponse } from "capnweb";
import { decode, encode } from "@msgpack/msgpack";
import { WorkerEntrypoint } from "cloudflare:workers";

const MAX_BYTES = 1 << 20;
const TRANSPORTS = ["service-binding", "raw-fetch", "rpc", "msgpack", "websocket", "capnweb-batch", "capnweb-websocket"];
const FUNCTIONS = { echo: (payload) => payload, reverse: (payload) => [...payload].reverse() };
let fault = "none";
const has = (point) => fault === point;

class Refusal extends Error {
  constructor(status, detail, fields = []) {
    super(detail);
    Object.assign(this, { status, fields });
  }

  problem() {
    const errors = this.fields.map((field) => ({ field, detail: "is not as it must be" }));
    return { type: "about:blank", title: "Error", status: this.status, detail: this.message, errors };
  }
}

const answer = (body, status = 200, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

function execute(functionId, payload) {
  if (!Object.hasOwn(FUNCTIONS, functionId)) throw new Refusal(400, `unknown function ${functionId}`, has("unknown-function") ? [] : ["functionId"]);
  return FUNCTIONS[functionId](payload);
}

function fields(request, allowed = ["functionId", "payload", "timestamp"]) {
  if (typeof request !== "object" || request === null || Array.isArray(request)) throw new Refusal(400, "not an object");
  const { functionId, timestamp } = request;
  const bad = Object.keys(request).filter((name) => !allowed.includes(name));
  if (typeof functionId !== "string") bad.push("functionId");
  if (request.payload === undefined) bad.push("payload");
  if (timestamp !== undefined && typeof timestamp !== "number") bad.push("timestamp");
  if (bad.length) throw new Refusal(400, `bad fields: ${bad}`, has("bad-fields") ? bad.slice(1) : bad);
  return request;
}

// Which isolate this is: drawn in its first call, since at module scope nothing may be drawn.
let id = 0;
let since = 0;
let served = 0;
function isolate() {
  if (served === 0) [id, since] = [Math.floor(Math.random() * 2 ** 53), Date.now()];
  if (!has("isolate")) served += 1;
  return { id, callsServed: Math.max(served, 1), ageMs: Date.now() - since };
}

const timed = (result) => ({ result, runtimeTimestamp: has("execute-times") ? 7 : Date.now(), executionTimeMs: 0, isolate: isolate() });

async function json(request, path) {
  const text = await request.text();
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_BYTES && !has("too-long")) throw new Refusal(413, "too long");
  if (bytes > 500_000 && has("execute-long")) throw new Refusal(413, "too long for this one");
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Refusal(has("not-json") ? 500 : 400, `not JSON: ${error.message}`);
  }
  const { functionId, payload } = fields(parsed);
  if (has("execute") && payload === null && path === "/execute") return answer(timed({}));
  if (has("execute-short") && path === "/execute/short") return answer({ result: execute(functionId, payload) });
  return answer(timed(execute(functionId, payload)));
}

async function msgpack(request) {
  let parsed;
  try {
    parsed = decode(await request.arrayBuffer());
  } catch (error) {
    throw new Refusal(400, `no MessagePack: ${error.message}`);
  }
  const { functionId, payload } = fields(parsed);
  const headers = { "content-type": has("msgpack") ? "application/octet-stream" : "application/msgpack" };
  if (has("msgpack-refusal") && !FUNCTIONS[functionId]) return new Response(encode({ problem: "unknown" }), { status: 400, headers });
  return new Response(encode(timed(execute(functionId, payload))), { headers });
}

function websocket() {
  const [theirs, ours] = Object.values(new WebSocketPair());
  ours.binaryType = "arraybuffer";
  ours.accept();
  ours.addEventListener("message", ({ data }) => {
    const isText = typeof data === "string";
    const reply = JSON.stringify(replyTo(isText ? data : new TextDecoder().decode(data)));
    ours.send(isText || has("websocket") ? reply : new TextEncoder().encode(reply));
  });
  return new Response(null, { status: 101, webSocket: theirs });
}

function replyTo(text) {
  let id;
  try {
    const request = JSON.parse(text);
    id = request.id;
    const { functionId, payload } = fields(request, ["id", "functionId", "payload"]);
    return { id, result: execute(functionId, payload) };
  } catch (error) {
    const problem = error instanceof Refusal ? error.problem() : new Refusal(400, error.message).problem();
    return has("websocket-refusal") ? { problem } : { id, problem };
  }
}

class Session extends RpcTarget {
  #isWrong;

  constructor(isWrong) {
    super();
    this.#isWrong = isWrong;
  }

  execute(functionId, payload) {
    const result = execute(functionId, JSON.parse(payload));
    return this.#isWrong ? result : JSON.stringify(result);
  }
}

function health(isInternal) {
  const transports = has("health") ? TRANSPORTS.slice(1) : TRANSPORTS;
  const capabilities = isInternal || has("public-health") ? { transports, functions: Object.keys(FUNCTIONS) } : undefined;
  return answer({ status: "ok", worker: "javascript-runtime", version: "1", capabilities });
}

const METHODS = { "/health": ["GET"], "/nothing": ["GET", "POST"], "/execute": ["POST"], "/execute/short": ["POST"],
  "/execute/msgpack": ["POST"], "/websocket": ["GET"], "/capnweb": ["GET", "POST"] };

async function serve(request, env, isInternal) {
  const { pathname } = new URL(request.url);
  if (isInternal && pathname === "/fault") return answer((fault = await request.text()));
  if (pathname === "/health") return health(isInternal);
  if (!isInternal && !has("token") && request.headers.get("authorization") !== `Bearer ${env.RUNTIME_TOKEN}`) throw new Refusal(401, "a token is needed");
  const methods = METHODS[pathname];
  if (!methods) throw new Refusal(has("unknown-path") ? 400 : 404, "there is no such path");
  if (!methods.includes(request.method)) {
    const allow = has("wrong-method") ? {} : { allow: methods.join(", ") };
    return answer(new Refusal(405, "not this method").problem(), 405, { "content-type": "application/problem+json", ...allow });
  }
  if (pathname === "/nothing") return new Response(null, { status: has("nothing") ? 200 : 204 });
  if (pathname === "/execute/msgpack") return msgpack(request);
  if (pathname === "/websocket") return websocket();
  if (pathname !== "/capnweb") return json(request, pathname);
  return request.method === "POST"
    ? newHttpBatchRpcResponse(request, new Session(has("capnweb-batch")))
    : newWorkersWebSocketRpcResponse(request, new Session(has("capnweb-websocket")));
}

async function routed(request, env, isInternal) {
  try {
    return await serve(request, env, isInternal);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, `${error}`);
    return answer(refusal.problem(), refusal.status, { "content-type": "application/problem+json" });
  }
}

export class Runtime extends WorkerEntrypoint {
  fetch(request) {
    return routed(request, this.env, true);
  }

  execute(functionId, payload) {
    if (has("rpc-refusal") && !FUNCTIONS[functionId]) return payload;
    const result = JSON.stringify(execute(functionId, JSON.parse(new TextDecoder().decode(payload))));
    return has("rpc") ? result : new TextEncoder().encode(result);
  }
}

export default { fetch: (request, env) => routed(request, env, false) };
