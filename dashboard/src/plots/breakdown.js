// Where the time of a service-binding call goes: one bar for each payload size, divided into measured parts.
import { scaleBand, scaleLinear } from "d3-scale";
import { isNumber, resolutionText, sampleCounts, stretchText, textOrReason } from "../format.js";
import { payloadTitle } from "../vocabulary.js";
import { axes, axisMilliseconds, canvas } from "./canvas.js";

/** The parts, in the order of the bar. `of-<name>` gives the colour. */
const PARTS = {
  empty_hop_us: { name: "part-hop", title: "empty hop" },
  encode_us: { name: "part-encode", title: "encode" },
  decode_us: { name: "part-decode", title: "decode" },
  function_us: { name: "part-function", title: "function" },
  residual_us: { name: "part-residual", title: "residual" },
};

/** The breakdown of a function. */
export function breakdownPlot(report, fn) {
  const rows = report.breakdown.filter((row) => row.function === fn);
  const totals = rows.map((row) => row.total_us);
  const drawn = rows.filter((row) => Object.keys(PARTS).some((part) => isNumber(row[part].value)));
  return {
    empty: drawn.length === 0 && (totals[0]?.reason?.text ?? (report.plan.breakdown ? "The parts of this function's calls were not measured." : "The plan leaves the breakdown out.")),
    name: `breakdown-${fn}`,
    draw: (width) => draw(drawn, fn, width),
    reading: "Each bar is one call by the service binding; its longest part is where the time goes.",
    caption: `${fn}. Mean time of back-to-back service-binding calls, in ms on the axis and in µs beside the bars, by measured part; ${sampleCounts(totals.map(({ n }) => n))}; ${resolutionText(totals)}. `
      + "The empty hop is dispatch and isolate switch; the residual is what the parts do not explain: mostly the bodies' way between the isolates. A negative residual is not drawn."
      + stalls(report, rows),
    numbers: {
      head: ["Payload", ...Object.values(PARTS).map(({ title }) => `${title} (µs)`), "total (µs)"],
      rows: rows.map((row) => [payloadTitle(row.payload_bytes), ...[...Object.keys(PARTS), "total_us"].map((part) => textOrReason(row[part]))]),
    },
    csv: {
      head: ["function", "payload_bytes", "part", "value_us", "lower_us", "upper_us", "resolution_us", "n"],
      rows: rows.flatMap((row) => [...Object.keys(PARTS), "total_us"].map((part) =>
        [fn, row.payload_bytes, part.replace(/_us$/, ""), row[part].value, row[part].lower, row[part].upper, row[part].resolution, row[part].n])),
    },
  };
}

/** Which totals, and so which residuals, are mostly about one slice. */
function stalls(report, rows) {
  const texts = rows.map(({ function: fn, payload_bytes: bytes, total_us: total }) => {
    const cell = report.cells.find((one) => one.transport === "service-binding" && one.function === fn && one.payload_bytes === bytes);
    const text = stretchText(cell?.chain_dominated_by, total);
    return text && ` The total of ${payloadTitle(bytes)} is mostly about a stall: ${text} (ms).`;
  });
  return texts.filter(Boolean).join("");
}

const drawnValue = (estimate) => (isNumber(estimate.value) ? Math.max(0, estimate.value / 1000) : 0);

function draw(rows, fn, width) {
  const label = `Breakdown of a service-binding call, ${fn}. ${rows.map((row) => `${payloadTitle(row.payload_bytes)}: ${Object.entries(PARTS).map(([part, { title }]) => `${title} ${row[part].text}`).join(", ")} µs`).join("; ")}.`;
  const entries = Object.values(PARTS).map((part) => ({ ...part, shape: "block" }));
  const frame = canvas({ width, innerHeight: rows.length * 44, label, entries, margin: { left: 64, right: 64 } });
  const sums = rows.map((row) => Object.keys(PARTS).reduce((sum, part) => sum + drawnValue(row[part]), 0));
  const x = scaleLinear([0, Math.max(...sums) || 1], [0, frame.size.width]);
  const y = scaleBand(rows.map((row) => row.payload_bytes), [0, frame.size.height]).padding(0.32);
  axes(frame, {
    x: { scale: x, label: "mean time of a call (ms)", count: width > 520 ? 6 : 3, format: axisMilliseconds },
    y: { scale: y, format: payloadTitle, grid: false },
  });
  rows.forEach((row, index) => {
    let from = 0;
    for (const [part, { name, title }] of Object.entries(PARTS)) {
      const ms = drawnValue(row[part]);
      frame.inner.append("rect").attr("class", `segment of-${name}`).attr("x", x(from)).attr("width", Math.max(0, x(from + ms) - x(from)))
        .attr("y", y(row.payload_bytes)).attr("height", y.bandwidth())
        .append("title").text(`${payloadTitle(row.payload_bytes)} ${title}: ${textOrReason(row[part])} µs`);
      from += ms;
    }
    frame.inner.append("text").attr("class", "bar-total").attr("x", x(sums[index]) + 6).attr("y", y(row.payload_bytes) + y.bandwidth() / 2).attr("dy", "0.35em").text(row.total_us.text);
  });
  return frame.svg.node();
}
