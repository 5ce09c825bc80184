// A runtime that echoes, and sleeps for 200 ms in its first request.
import { WorkerEntrypoint } from "cloudflare:workers";

let asleep;

export class Runtime extends WorkerEntrypoint {
  async execute(_functionId, payload) {
    asleep ??= scheduler.wait(200);
    await asleep;
    return payload;
  }
}
