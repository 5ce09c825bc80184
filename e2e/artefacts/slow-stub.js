// A stub in JavaScript whose start-up computes for some 50 ms: counted, because no clock need run out here. The loop is a function's own, so that it is
// compiled as it runs: at the level of the module it takes twenty times as long.
function spin() {
  let state = 1;
  for (let step = 0; step < 38_000_000; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}
const state = spin();

export default {
  async fetch(request, env) {
    const functionId = new URL(request.url).pathname.slice(1);
    const result = await env.RUNTIME.execute(functionId, new Uint8Array(await request.arrayBuffer()));
    return new Response(result, { headers: { "x-state": `${state}` } });
  },
};
