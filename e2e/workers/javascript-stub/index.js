// A stub as another team might write it: it says of a slice how long it took and, where it is told to, what became of each call. It keeps every
// point of docs/contracts.md, but for the one whose fault it is told to have: `POST /fault` with the point's name.
let fault = "none";
const has = (point) => fault === point;

const answer = (body, status = 200) => {
  const type = status === 200 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
};

function problem(status, detail, fields = []) {
  const errors = fields.map((field) => ({ field, detail: "is not as it must be" }));
  return answer({ type: "about:blank", title: "Error", status, detail, errors }, status);
}

const call = (env, functionId, payload) =>
  env.RUNTIME.fetch("https://runtime.internal/execute", { method: "POST", body: JSON.stringify({ functionId, payload }) });

async function execute(request, env) {
  const bad = ["functionId", "payload"].filter((name) => request[name] === undefined);
  if (request.transport !== "service-binding") bad.push("transport");
  if (bad.length) return problem(400, `bad fields: ${bad}`, has("execute-refusal") ? [] : bad);
  const { result } = await (await call(env, request.functionId, request.payload)).json();
  return answer({ result: has("execute") ? [result] : result });
}

async function measure({ transport, function: name, payload_bytes, samples }, env) {
  const bad = [];
  if (transport !== "service-binding") bad.push("transport");
  if (typeof name !== "string") bad.push("function");
  if (!(payload_bytes >= 32)) bad.push("payload_bytes");
  if (!(samples >= 1)) bad.push("samples");
  if (bad.length) return problem(400, `bad fields: ${bad}`, has("measure-refusal") ? bad.slice(1) : bad);
  const payload = { data: "x".repeat(payload_bytes - '{"data":""}'.length) };
  const [found, errors] = [[], { status: 0 }];
  const began = Date.now();
  for (let sample = 0; sample < samples; sample++) {
    const start = Date.now();
    const response = await call(env, name, payload);
    await response.arrayBuffer();
    if (response.ok || has("measure-errors")) found.push(Date.now() - start);
    else errors.status += 1;
  }
  const elapsed_ms = Date.now() - began;
  if (has("measure-counts")) found.pop();
  const clock = { timer: "ticked", advances_during_cpu: false, tick_ms: 1, sample_unit_ns: 1_000_000, resolution_ns: 1_000_000 };
  return answer(has("measure") ? { clock } : { clock, elapsed_ms, samples: found, errors });
}

async function repeat({ repetitions }, env) {
  const began = Date.now();
  for (let repetition = 0; repetition < repetitions; repetition++) await env.RUNTIME.fetch("https://runtime.internal/nothing");
  return answer({ repetitions: has("repeat") ? repetitions + 1 : repetitions, elapsed_ms: Date.now() - began, advances_during_cpu: false });
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/fault") return answer((fault = await request.text()));
    if (pathname === "/health") return has("health") ? problem(500, "unwell") : answer({ status: "ok" });
    if (pathname === "/execute") return execute(await request.json(), env);
    if (pathname === "/measure") return measure(await request.json(), env);
    if (pathname === "/repeat" && !has("no repeat")) return repeat(await request.json(), env);
    return problem(404, "there is no such path");
  },
};
