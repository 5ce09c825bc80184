// The table of an active run as it stands, function by function.
import { element, fill } from "../element.js";
import { latencyTable } from "./latency.js";

/**
 * Time between two readings, in ms: shorter than the 5 s in which the server assembles one, and well away from them. workerd closes a connection
 * that is idle for 5 s; locally a request that meets the close ends wrangler's proxy ("Network connection lost"), and so the run.
 */
const READ_MS = 2500;

/** `readReport(id)` gives the report of a run as it stands; it throws with `status` 404 before there is one. */
export class LiveTable {
  #readReport;
  #select = element("select", { "aria-label": "Function of the table so far", onchange: () => this.#draw() });
  #place = element("div");
  #note = element("p", { class: "muted" });
  #head = element("p", { hidden: true }, element("label", {}, "Measured so far: ", this.#select));
  node = element("div", { id: "live" }, this.#head, this.#place, this.#note);
  #report = null;
  #run = null;
  #askedAt = 0;
  #asking = false;

  constructor(readReport) {
    this.#readReport = readReport;
  }

  /** Reads the report of a run that goes on, if it may have changed. Whatever goes wrong leaves the table as it was. */
  async follow({ id, state, progress }) {
    if (this.#run !== id) {
      this.clear();
      this.#run = id;
    }
    if (state !== "running" || progress.slices_done === 0 || this.#asking || Date.now() - this.#askedAt < READ_MS) return;
    this.#asking = true;
    this.#askedAt = Date.now();
    try {
      const report = await this.#readReport(id);
      if (this.#run === id) this.#show(report);
    } catch (error) {
      // Before the first slice there is none, and on a free account there never is.
      if (this.#run === id && error.status !== 404) this.#note.textContent = `The figures so far cannot be read: ${error.message}`;
    } finally {
      this.#asking = false;
    }
  }

  /** Forgets the run. */
  clear() {
    this.#run = null;
    this.#report = null;
    this.#askedAt = 0;
    this.#head.hidden = true;
    fill(this.#place);
    this.#note.textContent = "";
  }

  #show(report) {
    const chosen = this.#select.value;
    const { functions } = report.plan;
    fill(this.#select, functions.map((fn) => element("option", { value: fn, selected: fn === chosen }, fn)));
    this.#report = report;
    this.#head.hidden = false;
    this.#note.textContent = "These figures still change, and no answer is drawn from them.";
    this.#draw();
  }

  #draw() {
    if (this.#report) fill(this.#place, latencyTable("live", this.#report, this.#select.value));
  }
}
