// Everything on the page that comes from one report.
import { history } from "./api.js";
import { element, fill } from "./element.js";
import { counted, listed, slopeText } from "./format.js";
import { answerPlot } from "./plots/answer.js";
import { breakdownPlot } from "./plots/breakdown.js";
import { distributionPlot } from "./plots/distribution.js";
import { Figure, nothing } from "./plots/figure.js";
import { historyPlot } from "./plots/history.js";
import { OVERHEAD_FIGURES, overheadPlot } from "./plots/overhead.js";
import { percentilePlot } from "./plots/percentiles.js";
import { cellsAt, cellsOf, coldStartIds, delegating, isMerged, ofRuntime, runtimesOf, samplesOf, subjectParts } from "./report.js";
import { showChoice } from "./sections/choice.js";
import { showColdStarts } from "./sections/cold_starts.js";
import { showFindings } from "./sections/findings.js";
import { showLatency } from "./sections/latency.js";
import { showNeighbours } from "./sections/neighbours.js";
import { showVerdict } from "./sections/verdict.js";
import { COMPARED, subjectTitle, transportTitle } from "./vocabulary.js";

/** As `GET /history` names them. */
const HISTORY_METRICS = ["mean", ...COMPARED.map((field) => field.replace(/_us$/, ""))];

const node = (id) => document.getElementById(id);

export class ReportView {
  #report = null;
  #chosen = { runtime: null, fn: null, payloadBytes: null };
  #overheadField = "p50_us";
  #history = { cell: null, metric: "p50" };
  #overheadSelect = select("Figure of the overhead", OVERHEAD_FIGURES, "p50_us", (field) => {
    this.#overheadField = field;
    this.#showOverhead();
  });
  #historyCell = element("select", { "aria-label": "Cell of the history", onchange: ({ target }) => this.#chooseHistory({ cell: target.value }) });
  #historyMetric = select("Figure of the history", Object.fromEntries(HISTORY_METRICS.map((metric) => [metric, metric])), "p50", (metric) => this.#chooseHistory({ metric }));
  #answer = new Figure("plot-answer", "What delegating adds, against the limits");
  #percentiles = new Figure("plot-percentiles", "Latency by percentile");
  #distribution = new Figure("plot-distribution", "Distribution of samples");
  #overhead = new Figure("plot-overhead", "Overhead against payload", this.#overheadSelect);
  #breakdown = new Figure("plot-breakdown", "Where the time goes");
  #historyFigure = new Figure("plot-history", "History", this.#historyCell, this.#historyMetric);

  constructor() {
    const figures = [this.#percentiles, this.#distribution, this.#overhead, this.#breakdown, this.#historyFigure];
    fill(node("plots-content"), figures.map((figure) => figure.node));
  }

  /** Shows a report; keeps the choice of function and payload where the new plan has them. */
  async show(report) {
    this.#report = report;
    const { functions, payload_bytes: payloads } = report.plan;
    const runtimes = runtimesOf(report);
    if (!runtimes.includes(this.#chosen.runtime)) this.#chosen.runtime = runtimes[0];
    if (!functions.includes(this.#chosen.fn)) this.#chosen.fn = functions[0];
    if (!payloads.includes(this.#chosen.payloadBytes)) this.#chosen.payloadBytes = payloads.includes(1000) ? 1000 : payloads[0];
    showVerdict(node("verdict-content"), report, this.#answer.node);
    this.#answer.show(answerPlot(report));
    showChoice(node("choice"), { plan: report.plan, runtimes }, this.#chosen, () => this.#showChosen());
    showFindings(node("findings-content"), report);
    showColdStarts(node("cold-starts"), node("cold-starts-content"), report);
    showNeighbours(node("neighbours"), report);
    node("figures-summary").textContent = `${counted(report.cells.length, "cell")}: ${listed(functions)}`;
    node("findings-summary").textContent = [counted(report.warnings.length, "warning"), counted(report.analysis.length, "statement"), "environment"].join(", ");
    await Promise.all([this.#showChosen(), this.#offerHistory()]);
  }

  async #showChosen() {
    const { fn, payloadBytes } = this.#chosen;
    const own = this.#own();
    showLatency(node("latency-content"), own, fn);
    this.#showOverhead();
    this.#breakdown.show(breakdownPlot(own, fn));
    await this.#showSamples(own, fn, payloadBytes);
  }

  /** The report, of the chosen runtime alone. */
  #own() {
    return ofRuntime(this.#report, this.#chosen.runtime);
  }

  /** The two plots of samples; decoding takes a moment, and another choice may have been made meanwhile. */
  async #showSamples(own, fn, payloadBytes) {
    const [report, { runtime }] = [this.#report, this.#chosen];
    const cells = cellsAt(own, fn, payloadBytes);
    let series = [];
    let trouble = "Nothing of this function and payload was measured.";
    try {
      series = await Promise.all(cells.map(async (cell) => ({ cell, slots: await samplesOf(cell) })));
    } catch (error) {
      trouble = `The histograms of this report cannot be decoded: ${error.message}.`;
    }
    if (report !== this.#report || runtime !== this.#chosen.runtime || fn !== this.#chosen.fn || payloadBytes !== this.#chosen.payloadBytes) return;
    this.#percentiles.show(series.length > 0 ? percentilePlot(own, series) : nothing(trouble));
    this.#distribution.show(series.length > 0 ? distributionPlot(own, series) : nothing(trouble));
  }

  #showOverhead() {
    const plot = overheadPlot(this.#own(), this.#chosen.fn, this.#overheadField);
    this.#overhead.show(plot, slopes(plot.slopes));
  }

  async #offerHistory() {
    const delegated = delegating(this.#report);
    const cells = this.#report.plan.functions.flatMap((fn) => cellsOf(this.#report, fn)).filter(({ transport }) => delegated.includes(transport) || delegated.length === 0);
    const ids = [...cells.map(({ id }) => id), ...coldStartIds(this.#report)];
    fill(this.#historyCell, ids.map((id) => element("option", { value: id }, subjectTitle(subjectParts(id)))));
    const kept = ids.includes(this.#history.cell) ? this.#history.cell : ids[0];
    if (kept) this.#historyCell.value = kept;
    await this.#chooseHistory({ cell: kept });
  }

  async #chooseHistory(part) {
    const wanted = Object.assign(this.#history, part);
    const { cell, metric } = wanted;
    if (!cell) {
      this.#historyFigure.show(nothing("This report has no cell to look up."));
      return;
    }
    let plot;
    try {
      plot = historyPlot(await history(cell, metric, isMerged(this.#report) ? undefined : this.#report.run.location));
    } catch (error) {
      plot = nothing(error.status === 404 ? "There is no history of this cell yet." : `The history cannot be read. ${error.message}`);
    }
    if (cell === this.#history.cell && metric === this.#history.metric) this.#historyFigure.show(plot);
  }
}

function select(label, options, chosen, onPick) {
  return element("select", { "aria-label": label, onchange: ({ target }) => onPick(target.value) },
    Object.entries(options).map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
}

/** How latency grows with the payload, a sentence for each transport. */
function slopes(all) {
  if (all.length === 0) return null;
  return element("ul", { class: "slopes" }, all.map((slope) => element("li", {}, element("strong", {}, transportTitle(slope.transport)), `: ${slopeText(slope)}`)));
}
