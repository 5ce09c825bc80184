// A run while it is active: how far it is, what it measures, how long it will take, and the way to stop it.
import { element, fill } from "../element.js";
import { duration, instant, integer, isNumber } from "../format.js";

/** Steps in which progress is read aloud, in percent: more often would talk over everything else. */
const SPOKEN_STEP = 10;

export class ProgressPanel {
  #node;
  #bar = element("progress", { max: "1", "aria-labelledby": "progress-title" });
  #facts = element("p", { class: "facts-line" });
  #spoken = element("p", { class: "visually-hidden", role: "status" });
  #message = element("p", { class: "muted", role: "alert" });
  #cancel;
  #lastSpoken = null;
  #id = null;

  /** `onCancel(id)` is asked to cancel; what it throws is shown. */
  constructor(node, onCancel) {
    this.#node = node;
    this.#cancel = element("button", { type: "button", id: "cancel-run" }, "Cancel this run");
    this.#cancel.addEventListener("click", () => this.#cancelled(onCancel));
    fill(node, element("h2", { id: "progress-title" }, "Run in progress"), this.#bar, this.#facts, this.#spoken, element("p", {}, this.#cancel), this.#message);
  }

  show(status) {
    if (this.#id !== status.id) {
      this.#message.textContent = "";
      this.#lastSpoken = null;
    }
    this.#id = status.id;
    this.#node.hidden = false;
    const { progress } = status;
    const share = progress.slices_total > 0 ? progress.slices_done / progress.slices_total : 0;
    if (status.state === "pending") this.#bar.removeAttribute("value");
    else this.#bar.value = share;
    this.#facts.textContent = describe(status, share);
    this.#speak(`${Math.floor((100 * share) / SPOKEN_STEP) * SPOKEN_STEP} % measured`);
  }

  /** The run has ended. */
  end(status) {
    this.#speak(`Run ${status.state}${status.reason ? `: ${status.reason}` : ""}`);
    this.#id = null;
    this.#node.hidden = true;
  }

  /** Progress cannot be read at the moment. */
  trouble(error) {
    this.#message.textContent = `${error.message} Trying again.`;
  }

  #speak(text) {
    if (text === this.#lastSpoken) return;
    this.#lastSpoken = text;
    this.#spoken.textContent = text;
  }

  async #cancelled(onCancel) {
    this.#cancel.disabled = true;
    this.#message.textContent = "";
    try {
      await onCancel(this.#id);
      this.#message.textContent = "Cancelling; what was measured is kept.";
    } catch (error) {
      this.#message.textContent = error.message;
    } finally {
      this.#cancel.disabled = false;
    }
  }
}

function describe({ state, progress, started_at: started, location, usage }, share) {
  if (state === "pending") return `Waiting for its first slice, at ${location}.`;
  return [
    `${Math.floor(share * 100)} %`,
    `block ${Math.min(progress.blocks_done + 1, progress.blocks_total)} of ${progress.blocks_total}`,
    progress.current && `now ${progress.current}`,
    `${integer(progress.samples)} samples`,
    progress.errors > 0 && `${integer(progress.errors)} failed`,
    isNumber(progress.seconds_left) && `about ${duration(progress.seconds_left)} left`,
    started && `since ${instant(started)}`,
    isNumber(usage?.estimated?.cost_usd) && `about $${usage.estimated.cost_usd.toFixed(4)} on a paid plan`,
  ].filter(Boolean).join(" · ");
}
