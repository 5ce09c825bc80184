// A stub in plain JavaScript for the native runtime, behind as much of the caller's `POST /measure` as a chain of calls needs.
const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

const calls = {
  async "service-binding"(env, functionId, payload) {
    const body = JSON.stringify({ functionId, payload });
    const response = await env.RUNTIME.fetch("https://runtime.internal/execute", { method: "POST", body, headers: { "content-type": "application/json" } });
    return (await response.json()).result;
  },
  async rpc(env, functionId, payload) {
    return JSON.parse(decoder.decode(await env.RUNTIME.execute(functionId, encoder.encode(JSON.stringify(payload)))));
  },
};

export default {
  async fetch(request, env) {
    if (request.method !== "POST") return new Response("ok");
    const asked = await request.json();
    const call = calls[asked.transport];
    const payload = { data: "a".repeat(asked.payload_bytes - '{"data":""}'.length) };
    for (let i = 0; i < asked.warmup; i++) await call(env, asked.function, payload);
    const start = Date.now();
    for (let i = 0; i < asked.samples; i++) await call(env, asked.function, payload);
    const elapsed_ms = Date.now() - start;
    return Response.json({ elapsed_ms });
  },
};
