// Says that it is well, and nothing else.
import { WorkerEntrypoint } from "cloudflare:workers";

export class Runtime extends WorkerEntrypoint {
  fetch() {
    return Response.json({ status: "ok", worker: "no-runtime", version: "1" });
  }
}
export default Runtime;
