// A transport's figures against the thresholds, one row for each quantile: every cell as a dot, the limit as a rule.
import { axisBottom } from "d3-axis";
import { scaleLog } from "d3-scale";
import { create } from "d3-selection";
import { isNumber } from "../format.js";
import { axisMilliseconds } from "./canvas.js";

const ROW = 24;
const LEFT = 36;
const ORDER = ["pass", "inconclusive", "fail"];

/** `verdicts` are those of one transport. The drawing repeats what the table of verdicts says, so it is hidden from readers of text. */
export function thresholdStrip(verdicts, width) {
  const metrics = [...new Set(verdicts.map(({ metric }) => metric))];
  const height = metrics.length * ROW + 28;
  const svg = create("svg").attr("class", "strip").attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height).attr("aria-hidden", "true");
  const ends = verdicts.flatMap(({ estimate_us: estimate, threshold_ms: limit }) => [estimate.upper / 1000, estimate.value / 1000, limit]).filter((ms) => isNumber(ms) && ms > 0);
  const x = scaleLog([0.01, Math.max(...ends, 10) * 1.2], [LEFT, width - 10]).clamp(true);
  metrics.forEach((metric, index) => {
    const row = svg.append("g").attr("transform", `translate(0,${index * ROW + 4})`);
    drawRow(row, metric, verdicts.filter((verdict) => verdict.metric === metric), x, width);
  });
  const decades = x.ticks().filter((value) => Math.log10(value) % 1 === 0);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${metrics.length * ROW + 4})`)
    .call(axisBottom(x).tickValues(decades).tickFormat((value) => `${axisMilliseconds(value)}${value === decades.at(-1) ? " ms" : ""}`).tickSizeOuter(0));
  return svg.node();
}

function drawRow(row, metric, verdicts, x, width) {
  const middle = ROW / 2;
  const limit = verdicts[0].threshold_ms;
  row.append("text").attr("class", "scale").attr("x", LEFT - 8).attr("y", middle).attr("dy", "0.35em").attr("text-anchor", "end").text(metric);
  row.append("rect").attr("class", "beyond").attr("x", x(limit)).attr("width", Math.max(0, width - 10 - x(limit))).attr("height", ROW);
  if (!verdicts.some(({ estimate_us: estimate }) => isNumber(estimate.value) || isNumber(estimate.upper))) {
    row.append("text").attr("class", "scale").attr("x", LEFT + 4).attr("y", middle).attr("dy", "0.35em").text("not known");
  }
  row.append("path").attr("class", "limit").attr("d", `M${x(limit)},0V${ROW}`);
  // Those that fail or are open last, so that nothing covers them.
  const byOutcome = [...verdicts].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  for (const { id, estimate_us: estimate, outcome } of byOutcome) {
    const { value, lower, upper } = estimate;
    const mark = row.append("g").attr("class", `is-${outcome}`);
    if (isNumber(lower) && isNumber(upper)) mark.append("path").attr("class", "span").attr("d", `M${x(Math.max(lower / 1000, 1e-6))},${middle}H${x(Math.max(upper / 1000, 1e-6))}`);
    // Hollow where the value is below the resolution.
    if (isNumber(value)) mark.append("circle").attr("class", Math.abs(value) < (estimate.resolution ?? 0) ? "hollow" : null).attr("cx", x(Math.max(value / 1000, 1e-6))).attr("cy", middle).attr("r", 3);
    mark.append("title").text(`${id} ${metric}: ${estimate.text} ms, ${outcome}`);
  }
}
