// The entrypoints that the platform knows, as runtime-worker/js/entry.js has them. Python is started by the first request; once it is there, nothing is
// between the platform and the crate.
import { WorkerEntrypoint } from "cloudflare:workers";
import { execute, fetch, fetchPublic } from "./index.js";
import { start, started } from "./python.js";

// What a stub's binding names. Strangers cannot come here.
export class Runtime extends WorkerEntrypoint {
  fetch(request) {
    return started() ? fetch(request) : start().then(() => fetch(request));
  }

  execute(functionId, payload, withIsolate) {
    return started() ? execute(functionId, payload, withIsolate) : start().then(() => execute(functionId, payload, withIsolate));
  }
}

// What the public URL reaches.
export default class Public extends WorkerEntrypoint {
  fetch(request) {
    return started() ? fetchPublic(request, this.env) : start().then(() => fetchPublic(request, this.env));
  }
}
