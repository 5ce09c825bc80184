// The caller-worker under an emulation of production's clock, for `rpc-latency run --local --clock production`. Never deployed: scripts/deploy looks for
// the name below.
import "./install.js";
import { bindings, chooseVariant, enter, request as incoming } from "./clock.js";
import caller from "standing-clock-caller";

globalThis[Symbol.for("worker-rpc-latency.standing-clock")] = true;

export default {
  fetch(request, env) {
    chooseVariant(env.STANDING_CLOCK);
    enter();
    return caller.fetch(incoming(request), bindings(env));
  },
};
