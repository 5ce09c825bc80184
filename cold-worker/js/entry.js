// The entrypoints that the platform knows. runtime-worker/js/entry.js says why they are written by hand.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { fetch } from "./index.js";
import { Laboratory } from "./laboratory.js";

const PREPARE = "/prepare";
const PREPARATIONS = 8; // more than there are isolates to keep
const SPENT = "the isolates of this object are spent; the next one goes on";

// One location's isolates.
export class ColdStarts extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.laboratory = new Laboratory(env.LOADER, ctx.exports.Forward({ props: { place: ctx.id.name } }));
  }

  fetch(request) {
    if (request.url.endsWith(PREPARE)) {
      this.laboratory.collect();
      if (this.laboratory.isSpent) this.ctx.abort(SPENT);
    }
    return fetch(request, this.laboratory);
  }

  execute(functionId, payload) {
    return this.laboratory.execute(functionId, payload);
  }
}

// What every stub has as RUNTIME.
export class Forward extends WorkerEntrypoint {
  nothing() {}

  execute(functionId, payload) {
    return at(this.env, this.ctx.props.place).execute(functionId, payload);
  }
}

// What the orchestrator's binding reaches. Each step of a sample is a request of its own: isolates are freed between requests, and the end of one that was
// let go of falls upon the next request, which is a preparation therefore.
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname !== "/sample" || request.method !== "POST") return at(env, "default").fetch(request);
    const body = await request.text();
    const place = placeOf(body);
    const ask = (path) => at(env, place).fetch(new URL(path, url), { method: "POST", body });
    for (let made = 0; made < PREPARATIONS; made++) {
      const prepared = await ask(PREPARE).catch(unlessSpent);
      if (!prepared) continue;
      if (!prepared.ok) return prepared;
      if (!(await prepared.json()).loaded) break;
    }
    return ask("/sample");
  },
};

// An object that ends itself fails the request that it ends in.
function unlessSpent(error) {
  if (!`${error}`.includes(SPENT)) throw error;
}

// What is no request is refused by the object, whichever it is.
function placeOf(body) {
  try {
    return `${JSON.parse(body).place ?? "default"}`;
  } catch {
    return "default";
  }
}

function at(env, place) {
  return env.COLD_STARTS.getByName(place, place === "default" ? {} : { locationHint: place });
}
