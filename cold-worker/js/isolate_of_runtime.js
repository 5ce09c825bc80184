// The main module of a runtime that is loaded: the artefact's own entrypoint, unchanged, and which isolate it is.
import { WorkerEntrypoint } from "cloudflare:workers";
import { Runtime as Artefact } from "./index.js";

const startedAt = Date.now(); // 0 where the platform shows no time before the first request
let id; // random numbers are forbidden out here
let served = 0;
let firstAt;

export class Runtime extends Artefact {
  execute(functionId, payload) {
    if (served++ === 0) firstAt = Date.now();
    return super.execute(functionId, payload);
  }
}

export class Isolate extends WorkerEntrypoint {
  facts() {
    id ??= crypto.randomUUID();
    return { id, served, startedAt, firstAt: firstAt ?? 0 };
  }
}
