// Official clients call the runtime's public port; what they find goes to standard output as JSON for the test to judge.
// Environment: RUNTIME_URL, RUNTIME_TOKEN.
import { decode, encode } from "@msgpack/msgpack";
import { newHttpBatchRpcSession, newWebSocketRpcSession } from "capnweb";

const { RUNTIME_URL, RUNTIME_TOKEN } = process.env;
const authorization = `Bearer ${RUNTIME_TOKEN}`;
const payload = { text: "grüße \u{1F44B}", number: 1.5, list: [1, null, true] };

const refusal = async (call) => call.then(() => "accepted", (error) => error.message);

// Two calls in one batch, and one that the runtime refuses.
async function capnwebBatch() {
  const session = () => newHttpBatchRpcSession(new Request(`${RUNTIME_URL}/capnweb`, { method: "POST", headers: { authorization } }));
  const api = session();
  const calls = [api.execute("echo", JSON.stringify(payload)), api.execute("transform", JSON.stringify([payload]))];
  const [echo, transform] = (await Promise.all(calls)).map((text) => JSON.parse(text));
  return { echo, transform, refused: await refusal(session().execute("walk", "1")) };
}

async function capnwebWebSocket() {
  const socket = new WebSocket(`${RUNTIME_URL.replace("http", "ws")}/capnweb`, { headers: { authorization } });
  const api = newWebSocketRpcSession(socket);
  const echo = JSON.parse(await api.execute("echo", JSON.stringify(payload)));
  const compute = JSON.parse(await api.execute("compute", "7"));
  const refused = await refusal(api.execute("echo", "{not json"));
  socket.close();
  return { echo, compute, refused };
}

async function msgpack() {
  const call = async (message) => {
    const response = await fetch(`${RUNTIME_URL}/execute/msgpack`, {
      method: "POST", headers: { authorization, "content-type": "application/msgpack" }, body: encode(message),
    });
    return { status: response.status, type: response.headers.get("content-type"), bytes: new Uint8Array(await response.arrayBuffer()) };
  };
  const echo = await call({ functionId: "echo", payload, timestamp: Date.now() });
  const compute = await call({ payload, functionId: "compute" });
  const refused = await call({ functionId: "walk", payload });
  return { type: echo.type, echo: decode(echo.bytes), compute: decode(compute.bytes), refused: refused.status };
}

async function json() {
  const response = await fetch(`${RUNTIME_URL}/execute`, {
    method: "POST", headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ functionId: "transform", payload, timestamp: Date.now() }),
  });
  return response.json();
}

console.log(JSON.stringify({
  payload, capnwebBatch: await capnwebBatch(), capnwebWebSocket: await capnwebWebSocket(), msgpack: await msgpack(), json: await json(),
}));
process.exit(0);
