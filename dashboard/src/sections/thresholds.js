// What the answer rests on: every threshold against every cell, and the calls that failed.
import { element } from "../element.js";
import { estimateText, integer, percentText, shareText } from "../format.js";
import { cellParts } from "../report.js";
import { OUTCOMES, cellTitle, transportTitle } from "../vocabulary.js";

/** The most samples that a cell of a run can have. */
const MOST_SAMPLES = 10_000;

const samplesToSettle = (samples) => samples > MOST_SAMPLES
  ? `no run can settle it: it takes about ${integer(samples)} samples per cell, ${integer(MOST_SAMPLES)} is the most`
  : `about ${integer(samples)} samples per cell would settle it`;

/** The table of all verdicts, folded. */
export function allVerdicts(verdicts) {
  const rows = verdicts.map(({ id, metric, quantity, condition, threshold_ms: limit, estimate_us: estimate, outcome, share_above: share, allowed_share: allowed, samples_needed: needed }) => {
    const { text, reason } = estimateText(estimate);
    return element("tr", {},
      element("th", { scope: "row" }, cellTitle(cellParts(id))),
      element("td", {}, `${metric} ${quantity}`),
      element("td", { class: "number" }, `< ${limit}`),
      element("td", { class: "number" }, text),
      element("td", { class: "number" }, shareText(share), share && element("span", { class: "interval" }, `of < ${percentText(allowed)}`)),
      element("td", {}, condition ?? "—"),
      element("td", {}, badge(outcome)),
      element("td", {}, [reason, needed && samplesToSettle(needed)].filter(Boolean).join("; ")));
  });
  return folded({ id: "all-verdicts" }, `Every threshold against every cell (${verdicts.length})`, ["Cell", "Figure", "Limit (ms)", "Found (ms)", "Calls above", "Calls", "Verdict", "Note"], rows);
}

/** Transports and cells whose calls failed, or may: nothing where all of them pass without a failure. */
export function failedCalls(all) {
  const rows = all.filter(({ failed, outcome }) => failed > 0 || outcome !== "pass").map(({ transport, id, failed, share, allowed_share: allowed, outcome, calls_needed: needed }) =>
    element("tr", {},
      element("th", { scope: "row" }, id ?? transportTitle(transport)),
      element("td", { class: "number" }, `${integer(failed)} of ${integer(share?.n ?? 0)}`),
      element("td", { class: "number" }, shareText(share)),
      element("td", { class: "number" }, `< ${percentText(allowed)}`),
      element("td", {}, badge(outcome)),
      element("td", {}, needed && `about ${integer(needed)} calls would settle it`)));
  if (rows.length === 0) return null;
  return folded({ id: "failed-calls", open: all.some(({ outcome }) => outcome === "fail") }, `Failed calls (${rows.length})`, ["Of", "Failed", "Share", "Limit", "Verdict", "Note"], rows);
}

function folded(attributes, title, head, rows) {
  return element("details", attributes, element("summary", {}, title),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      element("table", {},
        element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, rows))));
}

/** An outcome in its colour, in the word for a verdict or another one. */
export function badge(outcome, word = OUTCOMES[outcome].title) {
  return element("span", { class: `badge is-${outcome}` }, element("span", { "aria-hidden": "true" }, OUTCOMES[outcome].sign), ` ${word}`);
}
