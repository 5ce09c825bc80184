// A run while it is active: how far it is, what is still open, the table as it stands, and the way to stop it.
import { element, fill } from "../element.js";
import { duration, instant, integer, isNumber } from "../format.js";
import { cellTitle } from "../vocabulary.js";
import { cellParts } from "../report.js";
import { LiveTable } from "./live_table.js";

/** Steps in which progress is read aloud, in percent: more often would talk over everything else. */
const SPOKEN_STEP = 10;
/** Open cells that are named; the others are counted. */
const NAMED_CELLS = 3;

export class ProgressPanel {
  #node;
  #bar = element("progress", { max: "1", "aria-labelledby": "progress-title" });
  #facts = element("p", { class: "facts-line" });
  #open = element("p", { class: "open-cells" });
  #spoken = element("p", { class: "visually-hidden", role: "status" });
  #message = element("p", { class: "muted", role: "alert" });
  #cancel;
  #table;
  #lastSpoken = null;
  #id = null;

  /** `onCancel(id)` is asked to cancel; what it throws is shown. `readReport(id)` gives the report as it stands. */
  constructor(node, onCancel, readReport) {
    this.#node = node;
    this.#table = new LiveTable(readReport);
    this.#cancel = element("button", { type: "button", id: "cancel-run" }, "Cancel this run");
    this.#cancel.addEventListener("click", () => this.#cancelled(onCancel));
    fill(node, element("h2", { id: "progress-title" }, "Run in progress"), this.#bar, this.#facts, this.#open, this.#table.node, this.#spoken, element("p", {}, this.#cancel), this.#message);
  }

  /** Shows a run's status. Of several active runs the first one keeps the place until it ends. */
  show(status) {
    if (this.#id !== null && this.#id !== status.id) return;
    if (this.#id === null) {
      this.#message.textContent = "";
      this.#lastSpoken = null;
    }
    this.#id = status.id;
    this.#node.hidden = false;
    const { progress } = status;
    const share = progress.slices_total > 0 ? progress.slices_done / progress.slices_total : 0;
    if (status.state === "pending") this.#bar.removeAttribute("value");
    else this.#bar.value = share;
    this.#bar.dataset.round = progress.round ?? 1;
    this.#facts.textContent = describe(status, share);
    this.#open.textContent = openCells(progress.open ?? []);
    this.#speak(`${roundOf(progress)}${Math.floor((100 * share) / SPOKEN_STEP) * SPOKEN_STEP} % measured`);
    this.#table.follow(status);
  }

  /** A run has ended. */
  end(status) {
    if (this.#id !== null && this.#id !== status.id) return;
    this.#speak(`Run ${status.state}${status.reason ? `: ${status.reason}` : ""}`);
    this.#id = null;
    this.#node.hidden = true;
    this.#table.clear();
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

/** Whether further rounds may be decided as the run goes. */
const isSettling = ({ plan }) => plan?.until === "settled";

const roundOf = ({ round = 0 }) => (round > 1 ? `round ${round}: ` : "");

function describe(status, share) {
  const { state, progress, started_at: started, location, usage } = status;
  if (state === "pending") return `Waiting for its first slice, at ${location}.`;
  return [
    isSettling(status) ? `round ${Math.max(1, progress.round ?? 1)}, ${Math.floor(share * 100)} % of the rounds so far` : `${Math.floor(share * 100)} %`,
    `block ${Math.min(progress.blocks_done + 1, progress.blocks_total)} of ${progress.blocks_total}`,
    progress.current && `now ${progress.current}`,
    `${integer(progress.samples)} samples`,
    progress.errors > 0 && `${integer(progress.errors)} failed`,
    isNumber(progress.seconds_left) && `about ${duration(progress.seconds_left)} left${isSettling(status) ? " of this round" : ""}`,
    isNumber(progress.seconds_to_limit) && `ends when settled, and begins no round after ${duration(progress.seconds_to_limit)}`,
    started && `since ${instant(started)}`,
    isNumber(usage?.estimated?.cost_usd) && `about $${usage.estimated.cost_usd.toFixed(4)} on a paid plan`,
  ].filter(Boolean).join(" · ");
}

/** `Open: Service Binding, echo, 100 B; and 4 others`; nothing where no cell is measured on. */
function openCells(cells) {
  if (cells.length === 0) return "";
  const named = cells.slice(0, NAMED_CELLS).map((id) => {
    return cellTitle(cellParts(id));
  });
  const others = cells.length - named.length;
  return `Open: ${named.join("; ")}${others > 0 ? `; and ${others} other${others === 1 ? "" : "s"}` : ""}.`;
}
