// The entrypoint that the platform knows: `fetch` for HTTP, `execute` for Workers RPC, both exported by the crate.
// What worker-build would generate puts proxies around every request: 8 to 14 microseconds of a delegated call.
// A panic needs none of them: wasm-bindgen's own glue starts a fresh instance at the next call.
import { WorkerEntrypoint } from "cloudflare:workers";
import { execute, fetch } from "./index.js";

let shared;

export default class Entrypoint extends WorkerEntrypoint {
  // The platform makes an entrypoint for each call, which takes 5 microseconds of it. This one keeps nothing of a call, so the first serves all
  // that follow. Not when it was extended, as `wrangler dev` does that bundles: what extends it may count on a fresh one.
  constructor(context, env) {
    if (new.target === Entrypoint && shared) return shared;
    super(context, env);
    if (new.target === Entrypoint) shared = this;
  }

  fetch(request) {
    return fetch(request, this.env);
  }

  execute(functionId, payload) {
    return execute(functionId, payload);
  }
}
