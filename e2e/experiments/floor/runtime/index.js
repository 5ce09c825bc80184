// A runtime in plain JavaScript, with nothing that it could do without: what the platform itself costs.
import { WorkerEntrypoint } from "cloudflare:workers";

const functions = {
  echo: (input) => input,
  transform: (input) => JSON.parse(JSON.stringify(input)),
  compute(input) {
    let result = 0;
    for (let i = 0; i < 1000; i++) result += Math.sqrt(i);
    return { result, input };
  },
};

export class Functions extends WorkerEntrypoint {
  execute(functionId, payload) {
    return functions[functionId](payload);
  }
}

export default {
  async fetch(request) {
    if (request.method !== "POST") return new Response("ok");
    const { functionId, payload } = await request.json();
    return Response.json({ result: functions[functionId](payload) });
  },
};
