// The main module of a stub or monolith that is loaded: the artefact's own entrypoint, unchanged, and which isolate it is.
import { WorkerEntrypoint } from "cloudflare:workers";
import artefact from "./index.js";

const startedAt = Date.now(); // 0 where the platform shows no time before the first request
let id; // random numbers are forbidden out here
let served = 0;
let firstAt;

export default {
  fetch(request, env, ctx) {
    if (served++ === 0) firstAt = Date.now();
    return artefact.fetch(request, env, ctx);
  },
};

export class Isolate extends WorkerEntrypoint {
  facts() {
    id ??= crypto.randomUUID();
    return { id, served, startedAt, firstAt: firstAt ?? 0 };
  }
}
