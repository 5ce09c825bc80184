// What calls wait for while others keep the runtime busy: a row for each cell and share, with what a queue makes one expect.
import { element, fill } from "../element.js";
import { estimateText, percentText } from "../format.js";
import { COMPARED, figureTitle } from "../vocabulary.js";

/** The quantiles that a queue with one server is held against. */
const EXPECTED = ["p50_us", "p95_us"];

/** Fills `node`, or hides it where the plan asks for no neighbours. */
export function showNeighbours(node, report) {
  const rows = report.neighbours ?? [];
  node.hidden = rows.length === 0;
  fill(node, rows.length > 0 && table(rows));
}

function table(rows) {
  const busy = rows.find(({ busy }) => busy > 0);
  const head = ["Cell", "Busy", "Achieved", ...COMPARED.map(figureTitle), ...EXPECTED.map((field) => `expected ${figureTitle(field)}`)];
  return [
    element("h3", {}, "Beside neighbours that keep the runtime busy"),
    element("p", { class: "muted" }, "Latency of one call in ms, with its 95 % interval, while a neighbour calls the runtime in a closed loop",
      busy && `: ${busy.achieved.text}`, ". Expected is what a simulated queue with one server gives; direct calls no runtime and should not move."),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Beside neighbours" },
      element("table", { id: "neighbours-table" },
        element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, rows.map(row)))),
  ];
}

function row(of) {
  return element("tr", { "data-cell": of.id, "data-busy": String(of.busy) },
    element("th", { scope: "row" }, element("code", {}, of.id)),
    element("td", { class: "number" }, `${of.runtime} ${percentText(of.busy)}`),
    element("td", { class: "number" }, of.achieved.share === null ? "n/a" : percentText(of.achieved.share)),
    COMPARED.map((field) => element("td", { class: "number", "data-figure": field }, estimateText(of[field]).text)),
    EXPECTED.map((field) => element("td", { class: "number" }, expectation(of.expected?.[field]))));
}

/** The band, and whether what was measured lies in it; the sign says it without colour. */
function expectation(band) {
  if (!band) return "—";
  return [band.text, band.holds !== null && element("span", { title: band.holds ? "in the band" : "outside the band" }, band.holds ? " ✓" : " ✕")];
}
