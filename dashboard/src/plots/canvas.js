// The frame of a plot: an SVG with margins, a legend, axes and grid lines. d3 draws the axes; colours come from style.css.
import { axisBottom, axisLeft } from "d3-axis";
import { create } from "d3-selection";
import { symbol, symbolCircle, symbolCross, symbolDiamond, symbolSquare, symbolStar, symbolTriangle, symbolWye } from "d3-shape";
import { isNumber } from "../format.js";
import { TRANSPORTS, transportTitle } from "../vocabulary.js";

const SYMBOLS = {
  circle: symbolCircle,
  square: symbolSquare,
  triangle: symbolTriangle,
  diamond: symbolDiamond,
  cross: symbolCross,
  star: symbolStar,
  wye: symbolWye,
};
/** Width of a character of the legend, at most, in px: text cannot be measured before it is in the page. */
const CHARACTER = 7;
const LEGEND_LINE = 20;
/** Space around a plot for its axes, in px, unless it asks for other. */
export const EDGE = { top: 8, right: 16, bottom: 44, left: 56 };

/**
 * An empty plot. `entries` of the legend are `{name, title, shape}`: `name` becomes the class `of-<name>`, which gives the
 * colour; `shape` is a marker's name or `block`. `size` is the inner one, without margins and legend.
 */
export function canvas({ width, innerHeight, label, entries = [], margin = {} }) {
  const edge = { ...EDGE, ...margin };
  const legendLines = layOut(entries, width - edge.right);
  const top = edge.top + (legendLines.length > 0 ? legendLines.at(-1).y + LEGEND_LINE + 14 : 12);
  const height = top + innerHeight + edge.bottom;
  const svg = create("svg")
    .attr("xmlns", "http://www.w3.org/2000/svg")
    .attr("viewBox", `0 0 ${width} ${height}`)
    .attr("width", width)
    .attr("height", height)
    .attr("role", "img")
    .attr("aria-label", label);
  drawLegend(svg.append("g").attr("class", "legend").attr("transform", `translate(0,${edge.top})`), legendLines);
  const inner = svg.append("g").attr("transform", `translate(${edge.left},${top})`);
  return { svg, inner, size: { width: Math.max(80, width - edge.left - edge.right), height: innerHeight } };
}

/** Legend entries of transports. */
export const transportEntries = (transports) =>
  transports.map((name) => ({ name, title: transportTitle(name), shape: TRANSPORTS[name]?.marker ?? "circle" }));

/** The path of a transport's marker, `area` px² large. */
export const markerPath = (transport, area = 44) => symbol(SYMBOLS[TRANSPORTS[transport]?.marker ?? "circle"], area)();

function layOut(entries, width) {
  let x = 8;
  let y = 0;
  return entries.map((entry) => {
    const needed = 26 + entry.title.length * CHARACTER;
    if (x > 8 && x + needed > width) {
      x = 8;
      y += LEGEND_LINE;
    }
    const placed = { ...entry, x, y };
    x += needed;
    return placed;
  });
}

function drawLegend(group, lines) {
  for (const entry of lines) {
    const item = group.append("g").attr("class", `of-${entry.name}`).attr("transform", `translate(${entry.x},${entry.y + 8})`);
    if (entry.shape === "block") item.append("rect").attr("class", "block").attr("y", -5).attr("width", 12).attr("height", 10);
    else if (entry.shape === "rule") item.append("path").attr("class", "rule").attr("d", "M0,0H12");
    else item.append("path").attr("class", "marker").attr("d", symbol(SYMBOLS[entry.shape], 60)()).attr("transform", "translate(6,0)");
    item.append("text").attr("x", 18).attr("dy", "0.35em").text(entry.title);
  }
}

/**
 * Draws both axes with their labels, which name the unit, and grid lines. `x` and `y` are
 * `{scale, label, count, values, format, grid}`: about `count` ticks, or those at `values`.
 */
export function axes({ inner, size }, { x, y }) {
  const bottom = ticked(axisBottom(x.scale), x).tickSizeOuter(0);
  const left = ticked(axisLeft(y.scale), y).tickSizeOuter(0).tickSizeInner(y.grid === false ? 0 : -size.width).tickPadding(8);
  inner.append("g").attr("class", "axis grid").call(left);
  inner.append("g").attr("class", "axis").attr("transform", `translate(0,${size.height})`).call(bottom);
  inner.append("text").attr("class", "axis-label").attr("x", size.width).attr("y", size.height + 38).attr("text-anchor", "end").text(x.label);
  if (y.label) inner.append("text").attr("class", "axis-label").attr("x", -8).attr("y", -8).attr("text-anchor", "end").text(y.label);
}

function ticked(axis, { scale, count = 6, values, format }) {
  if (values) return axis.tickValues(values).tickFormat(format);
  axis.ticks(count);
  if (!format) return axis;
  if (!scale.base) return axis.tickFormat(format);
  // A log scale has ticks at all of 1 to 9 in each decade; those that its own format leaves blank would only be clutter.
  const sparse = scale.tickFormat(count, format);
  return axis.tickValues(scale.ticks(count).filter((value) => sparse(value) !== "")).tickFormat(format);
}

/** A horizontal band with its meaning written at its top left, where curves of percentiles are low. */
export function band({ inner, size }, { from, to, y, name, text }) {
  const top = Math.max(0, y(to));
  const bottom = Math.min(size.height, y(from));
  if (bottom - top < 1) return;
  inner.append("rect").attr("class", `band ${name}`).attr("y", top).attr("width", size.width).attr("height", bottom - top);
  if (bottom - top > 16) inner.append("text").attr("class", "band-text").attr("x", 6).attr("y", top + 13).text(text);
}

/** Writes a time in ms on an axis: no more digits than it needs. */
export const axisMilliseconds = (ms) => Number(ms.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });

/** The power of ten at or below a figure: where a logarithmic axis begins. */
export const decadeBelow = (ms) => 10 ** Math.floor(Math.log10(ms) + 1e-9);

/** Where a figure in us lies on a logarithmic axis in ms, which has no place for 0 and less. */
export const alongLog = (x, us) => x(Math.max(us / 1000, 1e-6));

/** The path of an interval along such an axis, or of bounds; without an upper end it goes on to the end of the axis. `null` where it has no end at all. */
export function intervalPath({ lower, upper }, x, y) {
  if (!isNumber(lower) && !isNumber(upper)) return null;
  const from = alongLog(x, lower ?? 0);
  const to = isNumber(upper) ? alongLog(x, upper) : x.range()[1];
  return `M${from},${y}H${Math.max(to, from + 2)}`;
}
