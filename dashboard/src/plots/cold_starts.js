// Cold starts: how long until the first answer, scenario by scenario, and what the calls after it take.
import { axisBottom } from "d3-axis";
import { scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { isNumber, textOrReason } from "../format.js";
import { SCENARIOS, WASM_BYTES, scenarioTitle } from "../vocabulary.js";
import { alongLog, axes, axisMilliseconds, canvas, decadeBelow, intervalPath } from "./canvas.js";

const ROW = 40;
const BAR_TOP = 20;

/** The scenarios of one runtime that have a median, in the order of the report. */
const drawn = ({ scenarios }) => scenarios.filter(({ p50_us: p50 }) => isNumber(p50.value));

const floorText = ({ is_floor: isFloor, location }) =>
  isFloor ? "A floor: a local loader fetches no script, routes nothing and evicts nothing. " : `Measured at ${location}. `;

/** Cold stub beside cold monolith, and the others, on a logarithmic axis. */
export function coldStartPlot(cold, thresholds) {
  const rows = drawn(cold);
  return {
    empty: rows.length === 0 && "Too few cold starts were sampled for a median.",
    name: `cold-starts-${cold.runtime}`,
    draw: (width) => drawStarts(cold, rows, thresholds, width),
    reading: "Each dot is a median, its thick bar the 95 % interval; the thin bar is that of the p95. The red line is the limit of the median.",
    caption: `${cold.runtime}. Time from asking for a fresh isolate to its first answer, in ms on a logarithmic axis. ${floorText(cold)}New wasm is wasm that the process has not compiled before.`,
    numbers: {
      head: ["Scenario", "Wasm", "n", "Discarded", "p50 (ms)", "p95 (ms)"],
      rows: cold.scenarios.map((one) => [SCENARIOS[one.scenario] ?? one.scenario, WASM_BYTES[one.wasm_bytes] ?? one.wasm_bytes, one.count, discardedText(one), textOrReason(one.p50_us), textOrReason(one.p95_us)]),
    },
    csv: {
      head: ["runtime", "scenario", "wasm_bytes", "n", "quantile", "value_us", "lower_us", "upper_us", "resolution_us"],
      rows: cold.scenarios.flatMap((one) => ["p50_us", "p95_us"].map((field) =>
        [cold.runtime, one.scenario, one.wasm_bytes, one.count, field.replace(/_us$/, ""), one[field].value, one[field].lower, one[field].upper, one[field].resolution])),
    },
  };
}

/** Samples that are in no figure, and why. */
export const discardedText = ({ discarded }) => Object.entries(discarded).map(([flaw, n]) => `${n} ${flaw}`).join(", ") || "0";

function drawStarts(cold, rows, thresholds, width) {
  const label = `Cold starts of ${cold.runtime}. ${rows.map((one) => `${scenarioTitle(one)}: p50 ${one.p50_us.text}, p95 ${textOrReason(one.p95_us)} ms`).join("; ")}.`;
  const frame = canvas({ width, innerHeight: rows.length * ROW, label, margin: { left: 8, right: 12 } });
  const limit = thresholds.cold_p50_ms ?? 100;
  const ends = rows.flatMap(({ p50_us: p50, p95_us: p95 }) => [p50.lower, p50.value, p50.upper, p95.upper]).filter((us) => isNumber(us) && us > 0).map((us) => us / 1000);
  const x = scaleLog([decadeBelow(Math.min(...ends, limit)), Math.max(...ends, limit) * 1.4], [0, frame.size.width]).clamp(true);
  rows.forEach((one, index) => {
    const row = frame.inner.append("g").attr("class", `answer-row of-${one.scenario}`).attr("transform", `translate(0,${index * ROW})`);
    const text = row.append("text").attr("x", 0).attr("y", 14);
    text.append("tspan").attr("class", "row-title").text(scenarioTitle(one));
    text.append("tspan").attr("class", "found").attr("dx", 8).text(`${one.p50_us.text} ms`);
    for (const [field, name] of [["p95_us", "span"], ["p50_us", "span wide"]]) {
      const path = intervalPath(one[field], x, BAR_TOP + 6);
      if (path) row.append("path").attr("class", name).attr("d", path).append("title").text(`${field.slice(0, 3)}: ${textOrReason(one[field])} ms`);
    }
    row.append("circle").attr("cx", alongLog(x, one.p50_us.value)).attr("cy", BAR_TOP + 6).attr("r", 5);
  });
  const bottom = rows.length * ROW;
  frame.inner.append("path").attr("class", "limit").attr("d", `M${x(limit)},0V${bottom}`);
  const decades = x.ticks().filter((value) => Math.abs(Math.log10(value) % 1) < 1e-9);
  frame.inner.append("g").attr("class", "axis").attr("transform", `translate(0,${bottom})`).call(axisBottom(x).tickValues(decades).tickFormat(axisMilliseconds).tickSizeOuter(0));
  frame.inner.append("text").attr("class", "axis-label").attr("x", frame.size.width).attr("y", bottom + 38).attr("text-anchor", "end").text("until the first answer (ms)");
  return frame.svg.node();
}

/** The medians of calls 1, 2, 3, 5 and 10 of each scenario with wasm that the process does not know. */
export function coldCallsPlot(cold) {
  const curves = drawn(cold).filter(({ wasm_bytes: wasm, scenario }) => wasm === "new" || cold.scenarios.filter((one) => one.scenario === scenario).length === 1);
  const points = ({ calls }) => calls.filter(({ p50_us: p50 }) => isNumber(p50.value) && p50.value > 0);
  return {
    empty: curves.length === 0 && "Too few cold starts were sampled for a median.",
    name: `cold-calls-${cold.runtime}`,
    draw: (width) => drawCalls(cold, curves, points, width),
    reading: "Each line is one isolate's life: how soon its calls are as short as those of a settled one.",
    caption: `${cold.runtime}. Median time of calls 1, 2, 3, 5 and 10 after a load, in ms; both axes are logarithmic. ${floorText(cold)}The first call holds the load.`,
    numbers: {
      head: ["Scenario", "Wasm", ...(curves[0]?.calls ?? []).map(({ call }) => `call ${call} (ms)`)],
      rows: cold.scenarios.map((one) => [SCENARIOS[one.scenario] ?? one.scenario, WASM_BYTES[one.wasm_bytes] ?? one.wasm_bytes, ...one.calls.map(({ p50_us: p50 }) => textOrReason(p50))]),
    },
    csv: {
      head: ["runtime", "scenario", "wasm_bytes", "call", "p50_us", "lower_us", "upper_us"],
      rows: cold.scenarios.flatMap((one) => one.calls.map(({ call, p50_us: p50 }) => [cold.runtime, one.scenario, one.wasm_bytes, call, p50.value, p50.lower, p50.upper])),
    },
  };
}

function drawCalls(cold, curves, points, width) {
  const label = `Calls after a load, ${cold.runtime}. ${curves.map((one) => `${scenarioTitle(one)}: ${points(one).map(({ call, p50_us: p50 }) => `call ${call} ${p50.text}`).join(", ")} ms`).join("; ")}.`;
  const entries = curves.map((one) => ({ name: one.scenario, title: SCENARIOS[one.scenario] ?? one.scenario, shape: "rule" }));
  const frame = canvas({ width, innerHeight: 240, label, entries });
  const all = curves.flatMap((one) => points(one).map(({ p50_us: p50 }) => p50.value / 1000));
  const x = scaleLog([1, 10], [0, frame.size.width]);
  const y = scaleLog([decadeBelow(Math.min(...all)), Math.max(...all) * 1.4], [240, 0]);
  axes(frame, {
    x: { scale: x, label: "call of the isolate", values: [1, 2, 3, 5, 10], format: String },
    y: { scale: y, label: "ms", count: 5, format: axisMilliseconds },
  });
  const path = line(({ call }) => x(call), ({ p50_us: p50 }) => alongLog(y, p50.value));
  for (const one of curves) {
    const group = frame.inner.append("g").attr("class", `of-${one.scenario}`);
    group.append("path").attr("class", "curve").attr("d", path(points(one)));
    for (const { call, p50_us: p50 } of points(one)) {
      group.append("circle").attr("class", "marker").attr("cx", x(call)).attr("cy", alongLog(y, p50.value)).attr("r", 3).append("title").text(`${scenarioTitle(one)}, call ${call}: ${p50.text} ms`);
    }
  }
  return frame.svg.node();
}
