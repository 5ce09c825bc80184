// The stub that a team would write in JavaScript: the same call by Workers RPC as stub/workers/rpc.rs makes, and no wasm to compile.
export default {
  async fetch(request, env) {
    if (request.method !== "POST") return new Response("a function is called by POST /{function}", { status: 405 });
    const functionId = new URL(request.url).pathname.slice(1);
    const payload = new Uint8Array(await request.arrayBuffer());
    const result = await env.RUNTIME.execute(functionId, payload);
    return new Response(result, { headers: { "content-type": "application/json" } });
  },
};
