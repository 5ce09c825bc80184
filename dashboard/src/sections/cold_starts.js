// Cold starts: what the figures say of each runtime, the table, and the plots.
import { element, fill } from "../element.js";
import { estimateText, percentText } from "../format.js";
import { coldCallsPlot, coldStartPlot, discardedText } from "../plots/cold_starts.js";
import { Figure } from "../plots/figure.js";
import { SCENARIOS, WASM_BYTES } from "../vocabulary.js";
import { badge } from "./thresholds.js";

/** Shows the cold starts of a report in `node`; `section` is hidden where there are none. */
export function showColdStarts(section, node, report) {
  const all = report.cold_starts ?? [];
  section.hidden = all.length === 0;
  fill(node, all.map((cold) => ofRuntime(cold, report.plan.thresholds)));
}

function ofRuntime(cold, thresholds) {
  const key = `${cold.runtime}-${cold.location}`;
  const starts = new Figure(`plot-cold-starts-${key}`, `Cold starts of ${cold.runtime}`);
  const calls = new Figure(`plot-cold-calls-${key}`, `Calls after a load of ${cold.runtime}`);
  starts.show(coldStartPlot(cold, thresholds));
  calls.show(coldCallsPlot(cold));
  return element("div", { class: "cold-starts" },
    element("h3", {}, `${cold.runtime} (${cold.is_floor ? "floor, on this machine" : cold.location})`),
    element("p", {}, cold.text),
    table("Scenarios", ["Scenario", "Wasm", "n", "Discarded", "p50 (ms)", "p95 (ms)"], cold.scenarios.map((one) => [
      SCENARIOS[one.scenario] ?? one.scenario, WASM_BYTES[one.wasm_bytes] ?? one.wasm_bytes, String(one.count), discardedText(one), estimateText(one.p50_us).text, estimateText(one.p95_us).text,
    ])),
    element("p", {}, `A warm stub before a warm runtime: ${cold.kept_pair_first_us.text} ms right after isolates of others were loaded, ${cold.kept_pair_settled_us.text} ms settled (medians).`),
    element("ul", { class: "sentences" }, cold.verdicts.filter(({ judged, outcome }) => judged || outcome === "fail").map(({ outcome, text }) => element("li", {}, badge(outcome), ` ${withoutOutcome(text)}`))),
    element("div", { class: "plots" }, starts.node, calls.node),
    cold.expected.length > 0 && table("Mean latency of a call, by the share of calls that are cold", ["Cold calls", "Delegated (ms)", "Inlined (ms)"],
      cold.expected.map(({ cold_share: share, delegated_us: delegated, inlined_us: inlined }) => [percentText(share), delegated.text, inlined.text])));
}

/** A verdict's sentence begins with the word that the badge before it shows. */
const withoutOutcome = (text) => text.replace(/^[a-z]+: /, "");

function table(title, head, rows) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    element("table", {},
      element("caption", {}, title),
      element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, rows.map(([first, ...others]) => element("tr", {}, element("th", { scope: "row" }, first), others.map((text) => element("td", { class: "number" }, text)))))));
}
