// The table that users came for, and under it everything else that was measured of each cell.
import { element, fill } from "../element.js";
import { estimateText, integer, isNumber, milliseconds, resolutionText, sampleCounts, stretchText } from "../format.js";
import { cellParts, cellsOf, errorCount, isMerged, isTicked } from "../report.js";
import { COMPARED, FUNCTIONS, NOT_COMPARED, figureTitle, methodTitle, payloadTitle } from "../vocabulary.js";

export function showLatency(node, report, fn) {
  fill(node, latencyTable("latency", report, fn), everything(report, cellsOf(report, fn)));
}

/** The table of one function, with the notes below it; `name` keeps its ids apart from those of another on the page. */
export function latencyTable(name, report, fn) {
  const cells = cellsOf(report, fn);
  const notes = new Notes(name);
  const rows = cells.map((cell, index) => row(cells, cell, index, notes));
  const estimates = cells.flatMap((cell) => COMPARED.map((field) => cell[field]));
  return [
    element("table", { id: `${name}-table`, class: "latencies" },
      element("caption", {}, element("strong", {}, fn), ` (${FUNCTIONS[fn] ?? "a function of the plan"}): latency of one call in ms, with its 95 % interval. `,
        `${sampleCounts(cells.map(({ count }) => count))} per cell; ${resolutionText(estimates)}.`,
        isTicked(report) && " The clock stood still during computation: percentiles are bounds, not points."),
      element("thead", {}, element("tr", {}, ["Method", "Payload"].map((text) => element("th", { scope: "col" }, text)),
        COMPARED.map((field) => element("th", { scope: "col", class: "number" }, figureTitle(field))))),
      element("tbody", {}, rows)),
    notes.list(),
  ];
}

function row(cells, cell, index, notes) {
  const sameMethod = ({ runtime, transport }) => runtime === cell.runtime && transport === cell.transport;
  const first = cells.findIndex(sameMethod) === index;
  const span = cells.filter(sameMethod).length;
  return element("tr", { class: first && "first", "data-cell": cell.id },
    first && element("th", { scope: "rowgroup", rowspan: span, class: `method of-${cell.transport}` }, methodTitle(cellParts(cell.id))),
    element("th", { scope: "row", class: "payload" }, payloadTitle(cell.payload_bytes)),
    COMPARED.map((field) => element("td", { class: "number", "data-figure": field }, figure(cell[field], notes))));
}

function figure(estimate, notes) {
  const { text } = estimateText(estimate);
  return [element("span", { class: "value" }, text), !isNumber(estimate.value) && estimate.reason && notes.mark(estimate.reason)];
}

/** Reasons why figures are not stated, numbered, below the table; those of one code and one need share a note. */
class Notes {
  #reasons = new Map();
  #name;

  constructor(name) {
    this.#name = name;
  }

  mark({ code, needed, text }) {
    const key = `${code} ${needed ?? text}`;
    if (!this.#reasons.has(key)) this.#reasons.set(key, text);
    const number = [...this.#reasons.keys()].indexOf(key) + 1;
    return element("sup", {}, element("a", { href: `#${this.#name}-note-${number}`, title: text, "aria-label": `note ${number}: ${text}` }, String(number)));
  }

  list() {
    const texts = [...this.#reasons.values()];
    return texts.length > 0 && element("ol", { class: "notes" }, texts.map((text, index) => element("li", { id: `${this.#name}-note-${index + 1}` }, text)));
  }
}

function everything(report, cells) {
  const head = ["Cell", "n", "errors", "skipped", "lost", "warmup", "min", "mean", "chain mean", "isolation cost", ...NOT_COMPARED.map(figureTitle), "max", ...(isMerged(report) ? [] : ["Files"])];
  return element("details", {}, element("summary", {}, "Everything measured of these cells"),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Everything measured of these cells" },
      element("table", {},
        element("caption", {}, "Times in ms. The mean is of isolated calls, the chain mean of back-to-back calls between two clock readings; the isolation cost is the first minus the second. A mean that is mostly about one slice says so; no verdict rests on a mean."),
        element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, cells.map((cell) => everythingOf(report, cell))))));
}

function everythingOf(report, cell) {
  const { resolution } = cell.p50_us;
  const plain = (us) => (isNumber(us) ? milliseconds(us, resolution) : "—");
  const files = ["hgrm", "hlog", "csv"].map((kind) => [element("a", { href: `/results/${report.run.id}/cells/${cell.id}.${kind}`, download: true, "aria-label": `${cell.id} as ${kind}` }, kind), " "]);
  return element("tr", {},
    element("th", { scope: "row" }, `${methodTitle(cellParts(cell.id))}, ${payloadTitle(cell.payload_bytes)}`),
    [cell.count, errorCount(cell), cell.skipped, cell.lost, cell.warmup_calls].map((count, index) => element("td", { class: "number" }, integer(count), index === 1 && count > 0 && ` (${kinds(cell.errors)})`)),
    element("td", { class: "number" }, plain(cell.min_us)),
    ["mean_us", "chain_mean_us", "isolation_cost_us", ...NOT_COMPARED].map((field) => element("td", { class: "number" }, withReason(cell[field], cell[DOMINATED_BY[field]]))),
    element("td", { class: "number" }, plain(cell.max_us)),
    !isMerged(report) && element("td", {}, files));
}

const kinds = (errors) => Object.entries(errors).map(([kind, count]) => `${kind} ${count}`).join(", ");

/** Where a mean's dominating slice stands, if it has one. */
const DOMINATED_BY = { mean_us: "mean_dominated_by", chain_mean_us: "chain_dominated_by" };

function withReason(estimate, stretch) {
  const { text, reason } = estimateText(estimate);
  return [text, ...[reason, stretchText(stretch, estimate)].map((note) => note && element("span", { class: "interval" }, note))];
}
