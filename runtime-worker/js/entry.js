// The entrypoints that the platform knows. What worker-build would generate puts proxies around every request: 8 to 14 microseconds of a delegated
// call. A panic needs none of them: wasm-bindgen's own glue starts a fresh instance at the next call.
import { WorkerEntrypoint } from "cloudflare:workers";
import { execute, fetch, fetchPublic } from "./index.js";

// What a stub's binding names: `fetch` for HTTP, `execute` for Workers RPC. Strangers cannot come here.
export class Runtime extends WorkerEntrypoint {
  fetch(request) {
    return fetch(request);
  }

  execute(functionId, payload, withIsolate) {
    return execute(functionId, payload, withIsolate);
  }
}

// What the public URL reaches.
export default class Public extends WorkerEntrypoint {
  fetch(request) {
    return fetchPublic(request, this.env);
  }
}
