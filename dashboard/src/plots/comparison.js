// Two runs, or two transports, beside each other: the intervals of both, cell by cell.
import { scaleLog } from "d3-scale";
import { isNumber } from "../format.js";
import { cellParts } from "../report.js";
import { cellTitle, methodTitle } from "../vocabulary.js";
import { alongLog, axes, axisMilliseconds, canvas, decadeBelow, intervalPath } from "./canvas.js";

const ROW = 52;
/** Where the two bars of a row lie, below its text. */
const SIDES = { first: 27, second: 38 };
const ENTRIES = [{ name: "side-first", title: "first", shape: "block" }, { name: "side-second", title: "second", shape: "block" }];

/** `compared` is the answer of `GET /comparison`. */
export function comparisonPlot(compared, metric) {
  const rows = compared.rows.filter((row) => row.metric === metric);
  const drawn = rows.filter((row) => Object.keys(SIDES).some((side) => ends(row[`${side}_us`]).length > 0));
  const quantities = [...new Set(rows.map(({ quantity }) => quantity))].join(" or ");
  return {
    empty: drawn.length === 0 && (rows[0]?.first_us.reason?.text ?? "The two have no cell in common."),
    name: `comparison-${metric}`,
    draw: (width) => draw(drawn, `${metric} ${quantities}`, width),
    reading: "Each pair of bars is one cell: where the second bar lies clear to the right, the second is slower; where they overlap, it may be chance.",
    caption: `${metric} of the ${quantities} in ms on a logarithmic axis, with 95 % intervals and values (hollow below the resolution). The words beside a pair say whether the interval of the difference excludes 0.`,
    numbers: {
      head: ["First", "Second", "First (ms)", "Second (ms)", "Difference (ms)", "Finding"],
      rows: rows.map((row) => [row.first, row.second, row.first_us.text, row.second_us.text, row.text, row.finding]),
    },
    csv: {
      head: ["first", "second", "metric", "quantity", "first_us", "second_us", "difference_us", "difference_lower_us", "difference_upper_us", "finding"],
      rows: compared.rows.map((row) => [row.first, row.second, row.metric, row.quantity, row.first_us.value, row.second_us.value, row.difference_us.value, row.difference_us.lower, row.difference_us.upper, row.finding]),
    },
  };
}

/** What of an estimate can be drawn on a logarithmic axis, in ms. */
const ends = ({ value, lower, upper }) => [value, lower, upper].filter((us) => isNumber(us) && us > 0).map((us) => us / 1000);

function cellsTitle({ first, second }) {
  const [a, b] = [cellParts(first), cellParts(second)];
  return methodTitle(a) === methodTitle(b) ? cellTitle(a) : `${methodTitle(a)} and ${cellTitle(b)}`;
}

function draw(rows, what, width) {
  const label = `${what}, first and second. ${rows.map((row) => `${cellsTitle(row)}: ${row.first_us.text} and ${row.second_us.text} ms, ${row.finding}`).join("; ")}.`;
  const frame = canvas({ width, innerHeight: rows.length * ROW, label, entries: ENTRIES, margin: { left: 8, right: 12 } });
  const all = rows.flatMap((row) => [...ends(row.first_us), ...ends(row.second_us)]);
  const least = Math.max(0.001, Math.min(...all));
  const x = scaleLog([decadeBelow(least), Math.max(...all, least * 10) * 1.3], [0, frame.size.width]).clamp(true);
  axes(frame, { x: { scale: x, label: `${what} (ms)`, count: width > 520 ? 6 : 3, format: axisMilliseconds }, y: { scale: scaleLog([1, 10], [frame.size.height, 0]), values: [] } });
  rows.forEach((row, index) => {
    const group = frame.inner.append("g").attr("class", "compared-row").attr("transform", `translate(0,${index * ROW})`);
    group.append("text").attr("class", "row-title").attr("y", 14).text(cellsTitle(row));
    group.append("text").attr("class", "found").attr("x", frame.size.width).attr("y", 14).attr("text-anchor", "end").text(row.finding);
    for (const [side, y] of Object.entries(SIDES)) drawSide(group.append("g").attr("class", `of-side-${side}`), row[`${side}_us`], y, x, side);
  });
  return frame.svg.node();
}

function drawSide(group, estimate, y, x, side) {
  const { value } = estimate;
  const path = intervalPath(estimate, x, y);
  if (path) group.append("path").attr("class", "span wide").attr("d", path).append("title").text(`${side}: ${estimate.text} ms`);
  if (isNumber(value)) group.append("circle").attr("class", Math.abs(value) < (estimate.resolution ?? 0) ? "hollow" : null).attr("cx", alongLog(x, value)).attr("cy", y).attr("r", 4);
}
