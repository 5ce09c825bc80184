// The entrypoint that the platform knows: `fetch` for HTTP, `execute` for Workers RPC, both exported by the crate. runtime-worker/js/entry.js says why
// it is written by hand. Python is started by the first of them; once it is there, nothing is between the platform and the crate.
import { WorkerEntrypoint } from "cloudflare:workers";
import { execute, fetch } from "./index.js";
import { start, started } from "./python.js";

export default class Entrypoint extends WorkerEntrypoint {
  fetch(request) {
    return started() ? fetch(request, this.env) : start().then(() => fetch(request, this.env));
  }

  execute(functionId, payload) {
    return started() ? execute(functionId, payload) : start().then(() => execute(functionId, payload));
  }
}
