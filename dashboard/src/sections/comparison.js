// Any two runs, and any two transports of them, beside each other.
import { element, fill } from "../element.js";
import { instant } from "../format.js";
import { isFinal } from "../follow.js";
import { comparisonPlot } from "../plots/comparison.js";
import { Figure, nothing } from "../plots/figure.js";
import { isMerged } from "../report.js";
import { COMPARED, figureTitle, transportTitle } from "../vocabulary.js";

/** Each delegating transport with itself in the other run. */
const EACH = "";

export class ComparisonPanel {
  #read;
  #report = null;
  #runs = [];
  #metric = "p50";
  #compared = null;
  #asked = 0;
  #first = side("first", "First");
  #second = side("second", "Second");
  #message = element("p", { class: "form-message", role: "alert" });
  #text = element("p", { id: "comparison-text", class: "answer-small" });
  #table = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Both, figure by figure" });
  #select = element("select", { "aria-label": "Figure of the comparison", onchange: ({ target }) => this.#pick(target.value) },
    COMPARED.map((field) => element("option", { value: figureTitle(field) }, figureTitle(field))));
  #figure = new Figure("plot-comparison", "Beside each other", this.#select);

  /** `read(sides)` gives the comparison of `{first, second, first_transport, second_transport}`. */
  constructor(node, read) {
    this.#read = read;
    const submit = element("button", { type: "submit", class: "primary" }, "Compare");
    const form = element("form", { id: "compare", class: "panel" }, this.#first.node, this.#second.node, element("p", {}, submit), this.#message);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#compare();
    });
    this.#figure.show(nothing("Choose two runs, or two transports of one."));
    fill(node, form, this.#text, this.#figure.node, element("details", {}, element("summary", {}, "Every figure of both"), this.#table));
  }

  /** Offers the transports of a report, and its run. */
  offer(report) {
    this.#report = report;
    const transports = report.plan.transports.map((name) => [name, transportTitle(name)]);
    for (const { transport } of [this.#first, this.#second]) options(transport, [[EACH, "each that delegates"], ...transports], EACH);
    this.offerRuns(this.#runs);
  }

  /** Offers the runs that have a report, newest first: the one that is shown as the second, the one before it as the first. */
  offerRuns(runs) {
    this.#runs = runs;
    const ended = runs.filter(isFinal);
    const shown = this.#report && !isMerged(this.#report) ? this.#report.run.id : ended[0]?.id;
    const listed = ended.map(({ id, location, created_at: created }) => [id, `${instant(created)}, ${location}`]);
    if (shown && !listed.some(([id]) => id === shown)) listed.unshift([shown, "the run above"]);
    const before = ended.find(({ id }) => id < shown)?.id ?? shown;
    options(this.#first.run, listed, before);
    options(this.#second.run, listed, shown);
  }

  async #compare() {
    const asked = ++this.#asked;
    this.#message.textContent = "";
    try {
      const compared = await this.#read({
        first: this.#first.run.value, second: this.#second.run.value, first_transport: this.#first.transport.value, second_transport: this.#second.transport.value,
      });
      if (asked === this.#asked) this.#show(compared);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#message.textContent = [error.message, ...(error.errors ?? []).map(({ field, detail }) => `${field} ${detail}`)].join(" · ");
    }
  }

  #show(compared) {
    this.#compared = compared;
    this.#text.textContent = compared.text;
    fill(this.#table, table(compared));
    this.#draw();
  }

  #pick(metric) {
    this.#metric = metric;
    this.#draw();
  }

  #draw() {
    if (this.#compared) this.#figure.show(comparisonPlot(this.#compared, this.#metric));
  }
}

/** The two choices of one side: `{node, run, transport}`. */
function side(name, title) {
  const chosen = ({ target }) => (target.dataset.chosen = "yes");
  const run = element("select", { id: `${name}-run`, onchange: chosen });
  const transport = element("select", { id: `${name}-transport`, onchange: chosen });
  const labelled = (select, text) => element("div", { class: "field" }, element("label", { for: select.id }, `${title} ${text}`), select);
  return { node: element("div", { class: "fields" }, labelled(run, "run"), labelled(transport, "transport")), run, transport };
}

/** Replaces what a select offers, `[value, text]`; what the reader chose stays chosen where it is still offered. */
function options(select, offered, otherwise) {
  const kept = select.dataset.chosen && offered.some(([value]) => value === select.value) ? select.value : otherwise;
  fill(select, offered.map(([value, text]) => element("option", { value, selected: value === kept }, text)));
}

function table({ rows }) {
  const head = ["First", "Second", "Figure", "First (ms)", "Second (ms)", "Difference (ms)", "Finding"];
  return element("table", { id: "comparison-table" },
    element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, rows.map((row) => element("tr", {},
      element("th", { scope: "row" }, row.first), element("td", {}, row.second), element("td", {}, `${row.metric} ${row.quantity}`),
      [row.first_us.text, row.second_us.text, row.text].map((text) => element("td", { class: "number" }, text)),
      element("td", {}, row.finding)))));
}
