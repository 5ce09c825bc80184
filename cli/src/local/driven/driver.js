// Drives another Worker over a service binding, as a stub would, on behalf of `rpc-latency check` and of tests. Part of no deployment.
// Headers say what to do: `x-url`, a request to that URL, else like this one; `x-method`, a call of that method, with `x-function` and the
// body as its arguments; `x-socket`, a WebSocket to that URL, with the messages of the body, a JSON list, until `x-replies` have come.
const PATIENCE_MS = 30_000;

export default {
  async fetch(request, { DRIVEN }) {
    const headers = new Headers(request.headers);
    const [url, method, socket] = ["x-url", "x-method", "x-socket"].map((name) => headers.get(name));
    try {
      if (url) return await inTime(forwarded(DRIVEN, url, request));
      if (method) return await inTime(called(DRIVEN, method, headers.get("x-function"), request));
      if (socket) return await inTime(exchanged(DRIVEN, socket, await request.json(), Number(headers.get("x-replies"))));
      return new Response("ready");
    } catch (error) {
      return new Response(`${error?.message ?? error}`, { headers: { "x-failed": "yes" } });
    }
  },
};

function inTime(promise) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]);
}

async function forwarded(binding, url, request) {
  const headers = new Headers(request.headers);
  for (const name of ["x-url", "host", "cf-connecting-ip", "accept-encoding"]) headers.delete(name);
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : await request.arrayBuffer();
  const answer = await binding.fetch(url, { method: request.method, headers, body, redirect: "manual" });
  // What arrived, whole: an answer that breaks off is a failure.
  const bytes = await answer.arrayBuffer();
  const answered = new Headers(answer.headers);
  answered.delete("content-encoding");
  return new Response([101, 204, 205, 304].includes(answer.status) ? null : bytes, { status: answer.status, headers: answered });
}

async function called(binding, method, functionId, request) {
  const argument = new Uint8Array(await request.arrayBuffer());
  const result = await binding[method](functionId, argument);
  if (!(result instanceof Uint8Array)) throw new TypeError(`${method} returned ${Object.prototype.toString.call(result)}, not a Uint8Array`);
  return new Response(result);
}

// Sends every message, and answers with what comes back, in the order in which it does; texts as they are, bytes in a list.
async function exchanged(binding, url, messages, replies) {
  const answer = await binding.fetch(url, { headers: { upgrade: "websocket" } });
  const socket = answer.webSocket;
  if (!socket) throw new Error(`status ${answer.status} and no WebSocket`);
  const received = [];
  const all = new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => {
      received.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      if (received.length === replies) resolve();
    });
    socket.addEventListener("close", () => reject(new Error(`the WebSocket was closed after ${received.length} of ${replies} answers`)));
    socket.addEventListener("error", () => reject(new Error("the WebSocket failed")));
  });
  socket.binaryType = "arraybuffer";
  socket.accept();
  for (const message of messages) socket.send(typeof message === "string" ? message : new Uint8Array(message));
  await all;
  socket.close();
  return Response.json(received);
}
