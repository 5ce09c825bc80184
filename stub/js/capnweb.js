// The capnweb side of the caller: what needs the npm package and has to be JavaScript. src/transport/capnweb_*.rs have the rest.
import { RpcSession, newWebSocketRpcSession } from "capnweb";

// One HTTP batch over a service binding. The package's own batch session fetches by URL only, and waits for a macrotask before it sends: 50
// microseconds that a stub which knows when its batch is complete need not wait.
class BatchTransport {
  #outgoing = [];
  #incoming;

  constructor(exchange) {
    this.#incoming = Promise.resolve().then(() => exchange(this.#outgoing.join("\n")));
  }

  send(message) {
    this.#outgoing.push(message);
  }

  async receive() {
    const message = (await this.#incoming).shift();
    if (message === undefined) throw new Error("the batch has been answered");
    return message;
  }
}

async function post(binding, url, body) {
  const response = await binding.fetch(url, { method: "POST", body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the runtime answered with status ${response.status}: ${text.slice(0, 300)}`);
  return text === "" ? [] : text.split("\n");
}

// Executes a function `times` times in one batch; the results in order. `true` asks the runtime to name its isolate beside each; one that does not know
// of that takes no notice.
export async function executeBatch(binding, url, functionId, payloadJson, times) {
  const session = new RpcSession(new BatchTransport((body) => post(binding, url, body)));
  const runtime = session.getRemoteMain();
  const calls = [];
  // `then` at once: it is what asks for the result, and has to be in the batch.
  for (let i = 0; i < times; i++) calls.push(runtime.execute(functionId, payloadJson, true).then((result) => result));
  return Promise.all(calls);
}

// Opens a session over one WebSocket.
export async function connect(binding, url) {
  const response = await binding.fetch(url, { headers: { upgrade: "websocket" } });
  const socket = response.webSocket;
  if (!socket) throw new Error(`the runtime answered with status ${response.status} and no WebSocket`);
  socket.accept();
  return newWebSocketRpcSession(socket);
}

export async function execute(runtime, functionId, payloadJson) {
  return await runtime.execute(functionId, payloadJson, true);
}

export function disconnect(runtime) {
  runtime[Symbol.dispose]();
}
