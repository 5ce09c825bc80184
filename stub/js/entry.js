// The entrypoint that the platform knows: `fetch`, exported by the crate. runtime-worker/js/entry.js says why it is written by hand.
import { fetch } from "./index.js";

export default { fetch: (request, env) => fetch(request, env) };
