// The picture that carries the answer: for each judged transport what delegating costs against each threshold.
import { axisBottom } from "d3-axis";
import { scaleLog } from "d3-scale";
import { isNumber, textOrReason } from "../format.js";
import { cellParts } from "../report.js";
import { OUTCOMES, ownWorkTitle, transportTitle } from "../vocabulary.js";
import { alongLog, axisMilliseconds, canvas, decadeBelow, intervalPath } from "./canvas.js";

const TITLE = 30;
const ROW = 46;
/** The text of a row stands above its bar. */
const BAR_TOP = 22;
const BAR = 14;
/** Width from which a row has room for the name of its cell, in px. */
const ROOMY = 680;
/** Worst first. */
const WORST = ["fail", "inconclusive", "pass"];

/** The answer of a report: `rows` for each judged transport and metric, its deciding verdict and those of the other cells. */
export function answerPlot(report) {
  const groups = judgedGroups(report);
  const rows = groups.flatMap(({ rows: own }) => own);
  const quantity = rows[0]?.deciding.quantity ?? "overhead";
  return {
    empty: rows.length === 0 && "No transport that is judged was measured.",
    name: "answer",
    draw: (width) => draw(groups, quantity, width),
    reading: "Each bar is the 95 % confidence interval of isolated calls, the red line the limit; back-to-back calls count too, so a bar across the line can pass.",
    caption: `The ${quantity} in ms on a logarithmic axis: for each threshold the cell that decides, as a wide bar with its value (hollow below the resolution), and every other cell as a thin bar. `
      + "Verdicts count the calls at or above a threshold; the bars show how near it is.",
    numbers: {
      head: ["Method", "Figure", "Cell", "Found (ms)", "Limit (ms)", "Verdict"],
      rows: rows.map(({ deciding: verdict }) => [
        transportTitle(cellParts(verdict.id).transport), `${verdict.metric} ${verdict.quantity}`, cellTitle(verdict.id), textOrReason(verdict.estimate_us), `< ${verdict.threshold_ms}`, OUTCOMES[verdict.outcome].title,
      ]),
    },
    csv: {
      head: ["cell", "metric", "quantity", "value_us", "lower_us", "upper_us", "threshold_ms", "outcome", "deciding"],
      rows: rows.flatMap(({ all, deciding }) => all.map((verdict) => [
        verdict.id, verdict.metric, verdict.quantity, verdict.estimate_us.value, verdict.estimate_us.lower, verdict.estimate_us.upper, verdict.threshold_ms, verdict.outcome, verdict === deciding,
      ])),
    },
  };
}

function judgedGroups(report) {
  return report.summary.transports.filter(({ judged = true }) => judged).map(({ transport, outcome, closest }) => {
    const own = report.verdicts.filter(({ id }) => cellParts(id).transport === transport);
    const metrics = [...new Set(own.map(({ metric }) => metric))];
    return {
      transport,
      outcome,
      rows: metrics.map((metric) => {
        const all = own.filter((verdict) => verdict.metric === metric);
        return { metric, all, deciding: decidingOf(all, closest) };
      }),
    };
  }).filter(({ rows }) => rows.length > 0);
}

/** Of the cells with the worst outcome the one that the report names as the closest, else the one that reaches furthest. */
function decidingOf(all, closest) {
  const worst = WORST.find((outcome) => all.some((verdict) => verdict.outcome === outcome));
  const those = all.filter(({ outcome }) => outcome === worst);
  const reach = ({ estimate_us: estimate }) => estimate.upper ?? estimate.value ?? Infinity;
  return those.find(({ id }) => id === closest) ?? those.toSorted((a, b) => reach(b) - reach(a))[0];
}

const cellTitle = (id) => ownWorkTitle(cellParts(id));

const said = (transport, { metric, deciding }) =>
  `${transportTitle(transport)} ${metric} of ${cellTitle(deciding.id)}: ${textOrReason(deciding.estimate_us)} ms, limit ${deciding.threshold_ms} ms, ${OUTCOMES[deciding.outcome].title.toLowerCase()}`;

function draw(groups, quantity, width) {
  const rows = groups.flatMap((group) => group.rows.map((row) => said(group.transport, row)));
  const innerHeight = groups.reduce((sum, group) => sum + TITLE + group.rows.length * ROW, 0);
  const frame = canvas({ width, innerHeight, label: `The ${quantity} against its thresholds. ${rows.join("; ")}.`, margin: { left: 8, right: 12 } });
  const x = horizontal(groups, frame.size.width);
  let top = 0;
  for (const group of groups) {
    drawTitle(frame.inner, group, top);
    top += TITLE;
    for (const row of group.rows) {
      drawRow(frame.inner.append("g").attr("class", "answer-row").attr("transform", `translate(0,${top})`), row, x, frame.size.width);
      top += ROW;
    }
  }
  const decades = x.ticks().filter((value) => Math.abs(Math.log10(value) % 1) < 1e-9);
  frame.inner.append("g").attr("class", "axis").attr("transform", `translate(0,${top})`).call(axisBottom(x).tickValues(decades).tickFormat(axisMilliseconds).tickSizeOuter(0));
  frame.inner.append("text").attr("class", "axis-label").attr("x", frame.size.width).attr("y", top + 38).attr("text-anchor", "end").text(`${quantity} (ms)`);
  return frame.svg.node();
}

/** From a power of ten below the least figure that can be seen to beyond the last limit. */
function horizontal(groups, width) {
  const verdicts = groups.flatMap(({ rows }) => rows.flatMap(({ all }) => all));
  const ends = verdicts.flatMap(({ estimate_us: { value, lower, upper }, threshold_ms: limit }) => [value / 1000, lower / 1000, upper / 1000, limit]).filter((ms) => isNumber(ms) && ms > 0);
  const least = Math.max(0.001, Math.min(...ends, 0.1));
  return scaleLog([decadeBelow(least), Math.max(...ends) * 1.6], [0, width]).clamp(true);
}

function drawTitle(inner, { transport, outcome }, top) {
  const text = inner.append("text").attr("class", "row-title").attr("x", 0).attr("y", top + 14);
  text.text(`${transportTitle(transport)}: `);
  text.append("tspan").attr("class", `word is-${outcome}`).text(OUTCOMES[outcome].answer.toLowerCase());
}

function drawRow(row, { metric, all, deciding }, x, width) {
  const { threshold_ms: limit, outcome, estimate_us: estimate, id } = deciding;
  const found = row.append("text").attr("x", 0).attr("y", 14);
  found.append("tspan").attr("class", "row-title").text(metric);
  found.append("tspan").attr("class", "found").attr("dx", 8).text(isNumber(estimate.value) || isNumber(estimate.upper) ? `${estimate.text} ms` : "not known");
  if (width >= ROOMY) found.append("tspan").attr("dx", 8).text(cellTitle(id));
  row.append("text").attr("class", `word is-${outcome}`).attr("x", width).attr("y", 14).attr("text-anchor", "end").text(`${OUTCOMES[outcome].sign} ${OUTCOMES[outcome].title.toLowerCase()}: limit ${limit} ms`);
  row.append("rect").attr("class", "ground").attr("y", BAR_TOP).attr("width", width).attr("height", BAR);
  row.append("rect").attr("class", "beyond").attr("x", x(limit)).attr("y", BAR_TOP).attr("width", Math.max(0, width - x(limit))).attr("height", BAR);
  for (const verdict of all.filter((one) => one !== deciding)) drawInterval(row, verdict, x, "span");
  drawInterval(row, deciding, x, "span wide");
  if (isNumber(estimate.value)) {
    const unseen = Math.abs(estimate.value) < (estimate.resolution ?? 0);
    row.append("circle").attr("class", `is-${outcome}${unseen ? " hollow" : ""}`).attr("cx", alongLog(x, estimate.value)).attr("cy", BAR_TOP + BAR / 2).attr("r", 5);
  }
  row.append("path").attr("class", "limit").attr("d", `M${x(limit)},${BAR_TOP - 3}v${BAR + 6}`);
}

function drawInterval(row, { id, metric, outcome, estimate_us: estimate }, x, name) {
  const path = intervalPath(estimate, x, BAR_TOP + BAR / 2);
  if (path) row.append("path").attr("class", `${name} is-${outcome}`).attr("d", path).append("title").text(`${cellTitle(id)} ${metric}: ${estimate.text} ms, ${OUTCOMES[outcome].title.toLowerCase()}`);
}
