// The entrypoint that the platform knows: the stub's, with Python started by the first request. Once it is there, nothing is between the platform and
// the crate.
import { fetch } from "./index.js";
import { start, started } from "./python.js";

export default {
  fetch: (request, env) => (started() ? fetch(request, env) : start().then(() => fetch(request, env))),
};
