// How the samples spread: one histogram for each transport, on one logarithmic axis of latency.
import { scaleLinear, scaleLog } from "d3-scale";
import { integer, listed, resolutionText, sampleCounts } from "../format.js";
import { totalCount } from "../histogram.js";
import { drawnMs, isTicked, tickMs } from "../report.js";
import { COMPARED, figureTitle, payloadTitle, transportTitle } from "../vocabulary.js";
import { axes, axisMilliseconds, canvas, decadeBelow } from "./canvas.js";

/** Bars of one decade of latency: narrow enough to show two modes, wide enough for 400 samples. */
const BARS_PER_DECADE = 16;
/** Nothing finer than 1 us is drawn. */
const FINEST_MS = 0.001;
const ROW = 64;
const GAP = 22;

/** `series` is `[{cell, slots}]`, one for each transport with samples at one function and payload. */
export function distributionPlot(report, series) {
  const drawn = series.filter(({ slots }) => slots.length > 0);
  const { function: fn, payload_bytes: payload } = series[0].cell;
  const floor = floorMs(report, drawn);
  const rows = drawn.map(({ cell, slots }) => ({ cell, bars: bars(slots, floor, isTicked(report) ? tickMs(report) : 0), n: totalCount(slots) }));
  return {
    empty: drawn.length === 0 && "No call of these cells was timed.",
    name: `distribution-${fn}-${payload}`,
    draw: (width) => draw(rows, floor, isTicked(report) ? 0 : resolutionMs(drawn), width),
    reading: "The taller a bar, the more calls took that long; two humps are two kinds of calls.",
    caption: `${fn}, ${payloadTitle(payload)}. Share of the samples in each bar (% of the transport's samples, each row with its own scale) over latency in ms; `
      + `${sampleCounts(series.map(({ cell }) => cell.count))}; ${resolutionText(series.map(({ cell }) => cell.p50_us))}. `
      + (isTicked(report) ? "Samples are whole ticks: a bar from k to k + 1 ticks holds those of k." : `Rules mark ${listed(COMPARED.map(figureTitle))}; shaded is what lies below the resolution; the first bar also holds what is faster.`),
    numbers: {
      head: ["Method", "from (ms)", "to (ms)", "samples", "share (%)"],
      rows: rows.flatMap(({ cell, bars: all, n }) => all.map((bar) => [
        transportTitle(cell.transport), axisMilliseconds(bar.from), axisMilliseconds(bar.to), integer(bar.count), ((100 * bar.count) / n).toFixed(1),
      ])),
    },
    csv: {
      head: ["transport", "function", "payload_bytes", "from_us", "to_us", "samples"],
      rows: rows.flatMap(({ cell, bars: all }) => all.map((bar) => [cell.transport, fn, payload, (bar.from * 1000).toFixed(3), (bar.to * 1000).toFixed(3), bar.count])),
    },
  };
}

/** Where the axis begins: a power of ten at or below the fastest sample. */
function floorMs(report, series) {
  if (isTicked(report)) return tickMs(report) / 10;
  const fastest = Math.min(...series.flatMap(({ slots }) => slots.map((slot) => (slot.from + slot.to) / 2)).filter((ms) => ms > 0));
  return decadeBelow(Math.max(FINEST_MS, Number.isFinite(fastest) ? fastest : FINEST_MS));
}

/** Bars of equal width on the log axis; of one tick each where samples are ticks. */
function bars(slots, floor, tick) {
  const counts = new Map();
  for (const slot of slots) {
    const ms = Math.max((slot.from + slot.to) / 2, floor);
    const index = tick > 0 ? Math.floor(slot.from / tick + 0.5) : Math.floor(Math.log10(ms / floor) * BARS_PER_DECADE + 1e-9);
    counts.set(index, (counts.get(index) ?? 0) + slot.count);
  }
  const edge = (index) => (tick > 0 ? Math.max(floor, index * tick) : floor * 10 ** (index / BARS_PER_DECADE));
  return [...counts].sort(([a], [b]) => a - b).map(([index, count]) => ({ from: edge(index), to: edge(index + 1), count }));
}

/** The coarsest resolution of the cells, in ms. */
const resolutionMs = (series) => Math.max(...series.map(({ cell }) => (cell.p50_us.resolution ?? 1) / 1000));

function draw(rows, floor, resolution, width) {
  const label = `Distribution of samples. ${rows.map(({ cell, n }) => `${transportTitle(cell.transport)}: ${integer(n)} samples, p50 ${cell.p50_us.text} ms`).join("; ")}.`;
  const frame = canvas({ width, innerHeight: rows.length * (ROW + GAP), label, margin: { left: 44 } });
  const most = Math.max(...rows.flatMap(({ bars: all }) => all.map((bar) => bar.to)));
  const x = scaleLog([floor, most * 1.05], [0, frame.size.width]);
  if (resolution > floor) frame.inner.append("rect").attr("class", "band unresolved").attr("width", Math.min(x(resolution), frame.size.width)).attr("height", frame.size.height);
  const whole = scaleLinear([0, 1], [frame.size.height, frame.size.height]);
  axes(frame, { x: { scale: x, label: "latency (ms)", format: axisMilliseconds }, y: { scale: whole, values: [] } });
  rows.forEach((row, index) => drawRow(frame, row, index * (ROW + GAP) + GAP, x, shareScale(row)));
  return frame.svg.node();
}

/** Each transport has its own scale, or the narrow peak of one would flatten all others; the tallest bar is labelled. */
const shareScale = ({ bars: all, n }) => scaleLinear([0, Math.max(...all.map((bar) => (100 * bar.count) / n))], [ROW, 0]);

function drawRow({ inner, size }, { cell, bars: all, n }, top, x, y) {
  const group = inner.append("g").attr("class", `of-${cell.transport}`).attr("transform", `translate(0,${top})`);
  group.append("text").attr("class", "row-title").attr("y", -6).text(transportTitle(cell.transport));
  group.append("path").attr("class", "base").attr("d", `M0,${ROW}H${size.width}`);
  const share = Math.round(y.domain()[1]);
  group.append("text").attr("class", "scale").attr("x", -8).attr("y", 4).attr("text-anchor", "end").text(`${share} %`);
  group.append("path").attr("class", "base faint").attr("d", `M0,${y(y.domain()[1])}H${size.width}`);
  for (const bar of all) {
    const percent = (100 * bar.count) / n;
    group.append("rect").attr("class", "bar").attr("x", x(bar.from) + 0.5).attr("width", Math.max(1, x(bar.to) - x(bar.from) - 1))
      .attr("y", y(percent)).attr("height", Math.max(1, ROW - y(percent)))
      .append("title").text(`${axisMilliseconds(bar.from)} to ${axisMilliseconds(bar.to)} ms: ${integer(bar.count)} samples, ${percent.toFixed(1)} %`);
  }
  let free = -Infinity;
  for (const field of COMPARED) {
    const ms = drawnMs(cell[field]);
    if (ms === null || ms < x.domain()[0] || ms > x.domain()[1]) continue;
    group.append("path").attr("class", "quantile").attr("d", `M${x(ms)},-2V${ROW}`);
    // A name that would touch the one before it, or the row's title, is left out; the table has all of them.
    if (x(ms) - 14 > Math.max(free, transportTitle(cell.transport).length * 7)) {
      group.append("text").attr("class", "scale").attr("x", x(ms)).attr("y", -6).attr("text-anchor", "middle").text(figureTitle(field));
      free = x(ms) + 16;
    }
  }
}
