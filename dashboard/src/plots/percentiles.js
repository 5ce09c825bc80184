// Latency by percentile: the quantile function of each transport's samples, the tail stretched by a log axis of 1/(1-q).
import { scaleLog } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import { integer, isNumber, listed, milliseconds, resolutionText, sampleCounts } from "../format.js";
import { drawnMs, isTicked, tickMs } from "../report.js";
import { slotAt, totalCount } from "../histogram.js";
import { QUANTILES, figureTitle, payloadTitle, transportTitle } from "../vocabulary.js";
import { EDGE, axes, axisMilliseconds, band, canvas, decadeBelow, markerPath, transportEntries } from "./canvas.js";

/** Ticks at 1 / (1 - q), the ones that matter most first: as many are shown as there is room for. */
const TICKS = new Map([[2, "50"], [100, "99"], [20, "95"], [1000, "99.9"], [10, "90"], [1e4, "99.99"], [1, "0"], [4, "75"], [1e5, "99.999"]]);
/** Room that a tick's label needs, in px. */
const TICK_ROOM = 30;

/** `series` is `[{cell, slots}]`, one for each transport with samples at one function and payload. */
export function percentilePlot(report, series) {
  const drawn = series.filter(({ slots }) => slots.length > 0);
  const { function: fn, payload_bytes: payload } = series[0].cell;
  const estimates = series.flatMap(({ cell }) => Object.keys(QUANTILES).map((field) => cell[field]));
  return {
    empty: drawn.length === 0 && "No call of these cells was timed.",
    name: `percentiles-${fn}-${payload}`,
    draw: (width) => draw(report, drawn, width),
    reading: "Read a curve at 99: one call in a hundred takes longer than its height there; lower is better.",
    caption: `${fn}, ${payloadTitle(payload)}. Latency of one call in ms; ${sampleCounts(series.map(({ cell }) => cell.count))}; ${resolutionText(estimates)}. `
      + (isTicked(report)
        ? "Samples are whole ticks: the latency lies between two curves, one tick above (solid) and one below (dashed)."
        : `Markers are the report's ${listed(Object.keys(QUANTILES).map(figureTitle))} with their 95 % intervals, hollow below the resolution; a curve's last step is its largest sample.`),
    numbers: {
      head: ["Method", ...Object.values(QUANTILES).map(({ title }) => `${title} (ms)`), "max (ms)", "n"],
      rows: series.map(({ cell }) => [
        transportTitle(cell.transport),
        ...Object.keys(QUANTILES).map((field) => cell[field].text),
        isNumber(cell.max_us) ? milliseconds(cell.max_us, cell.p50_us.resolution) : "—",
        integer(cell.count),
      ]),
    },
    csv: {
      head: ["transport", "function", "payload_bytes", "quantile", "latency_us", "resolution_us"],
      rows: drawn.flatMap(({ cell, slots }) => curve(slots).map((point) => [cell.transport, fn, payload, point.quantile, (point.ms * 1000).toFixed(3), cell.p50_us.resolution])),
    },
    readOut: (at, width) => readOut(report, drawn, at, width),
  };
}

const middle = (slot) => (slot.from + slot.to) / 2;

/** The steps of the quantile function: from `quantile` on, latencies are `ms`. */
function curve(slots) {
  const all = totalCount(slots);
  let below = 0;
  return slots.map((slot) => {
    const point = { quantile: below / all, ms: middle(slot), from: slot.from };
    below += slot.count;
    return point;
  });
}

/** What the curves are at `at` px from the plot's left edge. */
function readOut(report, series, at, width) {
  const most = Math.max(...series.map(({ slots }) => totalCount(slots)));
  const x = percentileScale(most, width - EDGE.left - EDGE.right);
  const quantile = Math.min(Math.max(0, 1 - 1 / x.invert(at - EDGE.left)), 1 - 1 / (most + 1));
  const values = series.map(({ cell, slots }) => {
    const slot = slotAt(slots, quantile);
    const text = isTicked(report) ? bracketText(slot, tickMs(report)) : milliseconds(middle(slot) * 1000, cell.p50_us.resolution);
    return `${transportTitle(cell.transport)} ${text}`;
  });
  return `p${Number((quantile * 100).toPrecision(4))}: ${values.join(", ")} ms`;
}

function roomy(values, x) {
  return values.reduce((kept, value) => (kept.some((other) => Math.abs(x(other) - x(value)) < TICK_ROOM) ? kept : [...kept, value]), []);
}

/** A tick's worth of samples is stored in a slot a little wider than a point: back to the whole ticks. */
const wholeTicks = (slot, tick) => Math.round(slot.from / tick) * tick;

const bracketText = (slot, tick) => `${Math.max(0, wholeTicks(slot, tick) - tick)} to ${wholeTicks(slot, tick) + tick}`;

/** 1 / (1 - q) from the median's left to the rarest that `n` samples can show. */
const percentileScale = (n, width) => scaleLog([1, Math.max(100, n)], [0, width]);

function draw(report, series, width) {
  const curves = series.map(({ cell, slots }) => ({ cell, points: curve(slots), n: totalCount(slots) }));
  const ticked = isTicked(report);
  const tick = tickMs(report);
  const most = Math.max(...curves.map(({ n }) => n));
  const label = `Latency by percentile. ${curves.map(({ cell }) => `${transportTitle(cell.transport)}: p50 ${cell.p50_us.text}, p99 ${cell.p99_us.text} ms`).join("; ")}.`;
  const frame = canvas({ width, innerHeight: 300, label, entries: transportEntries(curves.map(({ cell }) => cell.transport)) });
  const x = percentileScale(most, frame.size.width);
  const y = latencyScale(curves, tick, ticked, frame.size.height);

  const floor = y.domain()[0];
  const resolution = coarsest(curves);
  if (resolution < tick || ticked) band(frame, { from: floor, to: tick, y, name: "tick", text: `below one tick of the clock (${tick} ms)` });
  if (!ticked) band(frame, { from: floor, to: resolution, y, name: "unresolved", text: `below the resolution (${Number(resolution.toPrecision(2))} ms)` });
  axes(frame, {
    x: {
      scale: x,
      label: "percentile",
      values: roomy([...TICKS.keys()].filter((value) => value <= x.domain()[1]), x),
      format: (value) => TICKS.get(value),
    },
    y: { scale: y, label: "ms", format: axisMilliseconds },
  });

  const at = (quantile) => x(Math.min(1 / (1 - quantile), x.domain()[1]));
  const high = (ms) => y(Math.max(ms, floor));
  for (const { cell, points, n } of curves) {
    const group = frame.inner.append("g").attr("class", `of-${cell.transport}`);
    const end = { ...points.at(-1), quantile: 1 - 1 / (n + 1) };
    if (ticked) drawBounds(group, [...points, end], at, high, tick);
    else group.append("path").attr("class", "curve").attr("d", line((p) => at(p.quantile), (p) => high(p.ms)).curve(curveStepAfter)([...points, end]));
    drawEstimates(group, cell, at, high, x);
  }
  return frame.svg.node();
}

/** The latency of a sample of k ticks lies between k - 1 and k + 1 ticks, and so does each quantile. */
function drawBounds(group, points, at, high, tick) {
  const x = (point) => at(point.quantile);
  const upper = (point) => high(wholeTicks(point, tick) + tick);
  const lower = (point) => high(wholeTicks(point, tick) - tick);
  group.append("path").attr("class", "bounds").attr("d", area().x(x).y0(lower).y1(upper).curve(curveStepAfter)(points));
  group.append("path").attr("class", "curve").attr("d", line(x, upper).curve(curveStepAfter)(points));
  group.append("path").attr("class", "curve lower").attr("d", line(x, lower).curve(curveStepAfter)(points));
}

function drawEstimates(group, cell, at, high, x) {
  for (const [field, { title, quantile }] of Object.entries(QUANTILES)) {
    const estimate = cell[field];
    const ms = drawnMs(estimate);
    if (ms === null || 1 / (1 - quantile) > x.domain()[1]) continue;
    const mark = group.append("g").attr("class", "estimate");
    if (isNumber(estimate.lower) && isNumber(estimate.upper)) {
      mark.append("path").attr("class", "whisker").attr("d", `M${at(quantile)},${high(estimate.lower / 1000)}V${high(estimate.upper / 1000)}`);
    }
    const unseen = Math.abs(estimate.value) < (estimate.resolution ?? 0);
    mark.append("path").attr("class", unseen ? "marker hollow" : "marker").attr("d", markerPath(cell.transport)).attr("transform", `translate(${at(quantile)},${high(ms)})`);
    mark.append("title").text(`${transportTitle(cell.transport)} ${title}: ${estimate.text} ms`);
  }
}

/** The coarsest resolution of the curves, in ms. */
const coarsest = (curves) => Math.max(...curves.map(({ cell }) => (cell.p50_us.resolution ?? 1) / 1000));

/** From the power of ten below the fastest sample (but not below 1 us) to above the slowest and its interval. */
function latencyScale(curves, tick, ticked, height) {
  const all = curves.flatMap(({ points }) => points.map((point) => point.ms + (ticked ? tick : 0)));
  const uppers = curves.flatMap(({ cell }) => Object.keys(QUANTILES).map((field) => (cell[field].upper ?? 0) / 1000));
  const least = ticked ? tick / 10 : Math.max(0.001, Math.min(...all.filter((ms) => ms > 0), tick / 10));
  return scaleLog([decadeBelow(least), Math.max(...all, ...uppers, tick * 1.5) * 1.15], [height, 0]);
}
