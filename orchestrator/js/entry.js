// The entrypoints that the platform knows, and what they do after a panic.
//
// A panic ends the instance of the wasm module, and with it every call that waits for something there: nothing would ever settle their promises. The
// platform would wait for such an alarm for 15 minutes, and for no other alarm of that object meanwhile. So those calls are rejected here at once; the
// platform answers the requests with an error and tries the alarm again. The next call gets a fresh instance, and a Durable Object's part of it is made anew.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { Coordinator as Driver, __worker_init_state, fetch, scheduled } from "./index.js";

// How to reject the calls that wait.
const waiting = new Set();

// The crate `worker` keeps this object over all instances: it counts them in `instanceId`, and its panic hook sets `criticalError`.
const instances = __worker_init_state();
Object.defineProperty(instances, "criticalError", {
  get: () => false,
  set: (isCritical) => {
    if (isCritical) end("a panic, which the log shows above");
  },
});
// Whatever else ends an instance between two calls, as an overflow of its stack does.
addEventListener("error", ({ error }) => {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) end(`${error}`);
});

function end(why) {
  for (const reject of waiting) reject(new Error(`the Worker's instance ended: ${why}`));
  waiting.clear();
}

// What `call` comes to, or an error as soon as its instance has ended.
async function answered(call) {
  const { promise: ended, reject } = Promise.withResolvers();
  waiting.add(reject);
  try {
    return await Promise.race([call(), ended]);
  } finally {
    waiting.delete(reject);
  }
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    return answered(() => fetch(request, this.env, this.ctx));
  }

  scheduled(event) {
    return answered(() => scheduled(event, this.env, this.ctx));
  }
}

export class Coordinator extends DurableObject {
  #driver;
  #instance;

  fetch(request) {
    return answered(() => this.#current().fetch(request));
  }

  alarm() {
    return answered(() => this.#current().alarm());
  }

  // The part of this object that is in the current instance. Asking for the count makes a fresh instance where the last one has ended.
  #current() {
    const { instanceId } = __worker_init_state();
    if (this.#instance !== instanceId) {
      this.#driver = new Driver(this.ctx, this.env);
      this.#instance = instanceId;
    }
    return this.#driver;
  }
}
