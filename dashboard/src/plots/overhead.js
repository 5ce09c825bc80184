// Overhead against payload: what delegating adds to a direct call, and how it grows.
import { scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { isNumber, resolutionText, sampleCounts, textOrReason } from "../format.js";
import { cellParts, delegating } from "../report.js";
import { BASELINE, COMPARED, figureTitle, payloadTitle, transportTitle } from "../vocabulary.js";
import { axes, axisMilliseconds, canvas, markerPath, transportEntries } from "./canvas.js";

/** The figures that can be drawn: the mean, which is the finest, and the quantiles that transports are compared by. */
export const OVERHEAD_FIGURES = Object.fromEntries(["mean_us", ...COMPARED].map((field) => [field, figureTitle(field)]));

/** Overheads of a function; latencies where the plan has no direct to compare with. `field` is one of OVERHEAD_FIGURES. */
export function overheadPlot(report, fn, field) {
  const paired = report.plan.transports.includes(BASELINE);
  const what = paired ? "Overhead over direct execution" : "Latency (the plan has no direct execution to compare with)";
  const rows = (paired ? report.overheads : report.cells).filter(({ id }) => cellParts(id).fn === fn);
  const series = delegating(report).map((transport) => ({ transport, points: pointsOf(rows, transport, field) }));
  const drawn = series.filter(({ points }) => points.some(isDrawn));
  const limit = report.plan.thresholds[`${OVERHEAD_FIGURES[field]}_ms`];
  const estimates = series.flatMap(({ points }) => points.map(({ estimate }) => estimate));
  return {
    empty: drawn.length === 0 && (rows[0]?.[field].reason?.text ?? "No delegated cell of this function was measured."),
    name: `overhead-${OVERHEAD_FIGURES[field]}-${fn}`,
    draw: (width) => draw(drawn, `${what}, ${OVERHEAD_FIGURES[field]}`, limit, width),
    reading: `Each point is what ${paired ? "delegating adds" : "a delegated call takes"} at that payload size${limit ? "; below the dashed line it is within the limit" : ", on average"}.`,
    caption: `${fn}. ${what}, ${OVERHEAD_FIGURES[field]}, in ms over payload size, with 95 % intervals; ${sampleCounts(estimates.map(({ n }) => n))}; `
      + `${resolutionText(estimates)}. Hollow markers lie below the axis or the resolution; lines without a marker are bounds.`,
    numbers: {
      head: ["Method", "Payload", ...Object.values(OVERHEAD_FIGURES).map((title) => `${title} (ms)`)],
      rows: rows.filter(({ id }) => delegating(report).includes(cellParts(id).transport)).map((row) => {
        const { transport, payloadBytes } = cellParts(row.id);
        return [transportTitle(transport), payloadTitle(payloadBytes), ...Object.keys(OVERHEAD_FIGURES).map((name) => textOrReason(row[name]))];
      }),
    },
    csv: {
      head: ["transport", "function", "payload_bytes", "figure", "value_us", "lower_us", "upper_us", "resolution_us", "n"],
      rows: series.flatMap(({ transport, points }) => points.map(({ bytes, estimate }) =>
        [transport, fn, bytes, OVERHEAD_FIGURES[field], estimate.value, estimate.lower, estimate.upper, estimate.resolution, estimate.n])),
    },
    slopes: report.slopes.filter((slope) => slope.function === fn),
  };
}

function pointsOf(rows, transport, field) {
  return rows.filter(({ id }) => cellParts(id).transport === transport).map((row) => {
    const estimate = row[field];
    return { bytes: cellParts(row.id).payloadBytes, estimate, ms: isNumber(estimate.value) ? estimate.value / 1000 : null };
  }).sort((a, b) => a.bytes - b.bytes);
}

/** A value, or bounds alone. */
const isDrawn = ({ ms, estimate }) => ms !== null || isNumber(estimate.upper);

function draw(series, what, threshold, width) {
  const points = series.flatMap((one) => one.points).filter(isDrawn);
  const label = `${what}, against payload. ${series.map(({ transport, points: own }) => `${transportTitle(transport)}: ${own.map(({ bytes, estimate }) => `${payloadTitle(bytes)} ${estimate.text} ms`).join(", ")}`).join("; ")}.`;
  const frame = canvas({ width, innerHeight: 280, label, entries: transportEntries(series.map(({ transport }) => transport)) });
  const sizes = [...new Set(points.map(({ bytes }) => bytes))].sort((a, b) => a - b);
  const x = scaleLog([sizes[0] / 1.5, sizes.at(-1) * 1.5], [0, frame.size.width]);
  const positive = points.flatMap(({ ms, estimate }) => [ms, (estimate.upper ?? 0) / 1000]).filter((ms) => ms > 0.001);
  const least = positive.length > 0 ? Math.min(...positive) : 0.01;
  const most = Math.max(...points.flatMap(({ ms, estimate }) => [ms, (estimate.upper ?? 0) / 1000]), least * 10, threshold ?? 0);
  const y = scaleLog([least / 2, most * 1.3], [frame.size.height, 0]);
  const floor = y.domain()[0];
  const high = (ms) => y(Math.max(ms, floor));

  axes(frame, { x: { scale: x, label: "payload", values: sizes, format: payloadTitle }, y: { scale: y, label: "ms", count: 5, format: axisMilliseconds } });
  if (threshold) {
    frame.inner.append("path").attr("class", "threshold").attr("d", `M0,${y(threshold)}H${frame.size.width}`);
    frame.inner.append("text").attr("class", "band-text").attr("x", frame.size.width - 6).attr("y", y(threshold) - 5).attr("text-anchor", "end").text(`threshold ${axisMilliseconds(threshold)} ms`);
  }
  // A little apart, or the intervals of transports that cost the same hide each other.
  series.forEach(({ transport, points: own }, index) => {
    const shift = (index - (series.length - 1) / 2) * 5;
    const group = frame.inner.append("g").attr("class", `of-${transport}`).attr("transform", `translate(${shift},0)`);
    const known = own.filter(({ ms }) => ms !== null);
    if (known.length > 1) group.append("path").attr("class", "curve").attr("d", line(({ bytes }) => x(bytes), ({ ms }) => high(ms))(known));
    for (const { bytes, ms, estimate } of own.filter(isDrawn)) drawPoint(group, transport, x(bytes), ms, estimate, high, floor);
  });
  return frame.svg.node();
}

function drawPoint(group, transport, at, ms, estimate, high, floor) {
  if (isNumber(estimate.lower) && isNumber(estimate.upper)) {
    group.append("path").attr("class", "whisker").attr("d", `M${at},${high(estimate.lower / 1000)}V${high(estimate.upper / 1000)}`)
      .append("title").text(`${transportTitle(transport)}: ${textOrReason(estimate)} ms`);
  }
  if (ms === null) return;
  const unseen = ms <= floor || ms * 1000 < (estimate.resolution ?? 0);
  group.append("path").attr("class", unseen ? "marker hollow" : "marker").attr("d", markerPath(transport)).attr("transform", `translate(${at},${high(ms)})`)
    .append("title").text(`${transportTitle(transport)}: ${textOrReason(estimate)} ms`);
}

