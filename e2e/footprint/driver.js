// Calls a runtime over the binding, all three functions by `fetch` and by Workers RPC in turn.
// CALLS is set by footprint.mjs: more in one request would be one long event.
const PAYLOAD_BYTES = 10_000;
const FUNCTIONS = ["echo", "transform", "compute"];
const payload = JSON.stringify({ data: "x".repeat(PAYLOAD_BYTES) });
const bytes = new TextEncoder().encode(payload);

export default {
  async fetch(request, { RUNTIME }) {
    for (let call = 0; call < CALLS; call++) {
      const functionId = FUNCTIONS[call % FUNCTIONS.length];
      if (call % 2) {
        await RUNTIME.execute(functionId, bytes);
        continue;
      }
      const body = `{"functionId":"${functionId}","payload":${payload}}`;
      const answer = await RUNTIME.fetch("https://runtime.internal/execute", { method: "POST", body });
      if (answer.status !== 200) return answer;
      await answer.arrayBuffer();
    }
    return new Response("ok");
  },
};
