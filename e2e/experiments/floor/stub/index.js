// A stub in plain JavaScript for that runtime, behind as much of the caller's `POST /measure` as a chain of calls needs.
const calls = {
  async "service-binding"(env, functionId, payload) {
    const body = JSON.stringify({ functionId, payload });
    const response = await env.RUNTIME.fetch("http://runtime/", { method: "POST", body, headers: { "content-type": "application/json" } });
    return (await response.json()).result;
  },
  rpc: (env, functionId, payload) => env.FUNCTIONS.execute(functionId, payload),
};

export default {
  async fetch(request, env) {
    if (request.method !== "POST") return new Response("ok");
    const asked = await request.json();
    const call = calls[asked.transport];
    // {"data":"..."} of exactly so many bytes, as the caller-worker makes it
    const payload = { data: "a".repeat(asked.payload_bytes - '{"data":""}'.length) };
    for (let i = 0; i < asked.warmup; i++) await call(env, asked.function, payload);
    const start = Date.now();
    for (let i = 0; i < asked.samples; i++) await call(env, asked.function, payload);
    const elapsed_ms = Date.now() - start;
    return Response.json({ elapsed_ms });
  },
};
