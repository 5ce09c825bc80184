// Finds things in a report (protocol/src/report.rs).
import { BASELINE, NATIVE, SCENARIOS } from "./vocabulary.js";
import { decodeHistogram } from "./histogram.js";
import { isNumber } from "./format.js";

/** The parts of a cell's id: `transport.function.payload`, with the runtime before them where it is not the native one. */
export function cellParts(id) {
  const parts = id.split(".");
  const [transport, fn, payloadBytes] = parts.slice(-3);
  return { runtime: parts.length > 3 ? parts[0] : NATIVE, transport, fn, payloadBytes: Number(payloadBytes) };
}

/** What a series is of: the parts of a cell's id, or those of a kind of cold start, `runtime.scenario.wasm`. */
export function subjectParts(id) {
  const [runtime, scenario, wasm] = id.split(".");
  return SCENARIOS[scenario] ? { runtime, scenario, wasm_bytes: wasm } : cellParts(id);
}

/** The ids of the kinds of cold start of a report, as `GET /history` names them. */
export const coldStartIds = (report) =>
  (report.cold_starts ?? []).flatMap(({ runtime, scenarios }) => scenarios.map(({ scenario, wasm_bytes: wasm }) => `${runtime}.${scenario}.${wasm}`));

/** The runtimes of the plan. (Reports of before there were several name none.) */
export const runtimesOf = (report) => report.plan.runtimes ?? [NATIVE];

/** A report with the figures of one runtime alone. */
export function ofRuntime(report, runtime) {
  const own = (rows) => rows.filter(({ id, runtime: named }) => (id ? cellParts(id).runtime : named ?? NATIVE) === runtime);
  const [cells, overheads, slopes, breakdown] = [report.cells, report.overheads, report.slopes, report.breakdown].map(own);
  return { ...report, cells, overheads, slopes, breakdown };
}

/** The cells of a function, transport by transport in the plan's order, payload by payload. */
export const cellsOf = (report, fn) => report.cells.filter((cell) => cell.function === fn);

/** The cells that share a function and a payload size: one for each transport. */
export const cellsAt = (report, fn, payloadBytes) =>
  cellsOf(report, fn).filter((cell) => cell.payload_bytes === payloadBytes);

/** The transports of the plan that delegate. */
export const delegating = (report) => report.plan.transports.filter((transport) => transport !== BASELINE);

/** Failed calls of a cell, of every kind. */
export const errorCount = (cell) => Object.values(cell.errors ?? {}).reduce((sum, count) => sum + count, 0);

/** One step of the clock in ms; 1 where the report does not know. */
export const tickMs = (report) => report.environment.tick_ms ?? 1;

/** Whether the samples are whole ticks: latencies are then known to lie within one tick of them, no better. */
export const isTicked = (report) => report.environment.timers.length > 0 && report.environment.timers.every((timer) => timer === "ticked");

/** Whether it was measured on a local workerd. */
export const isLocal = (report) => report.environment.limits === "local" || !report.environment.deployed_version_id;

/** Whether it merges the runs of several locations: it then has no address and no files of its own. */
export const isMerged = (report) => (report.run.locations ?? []).length > 1;

const decoded = new WeakMap();

/** The samples of a cell as slots in ms, `[{from, to, count}]`; decoded once. A cell without samples has none. */
export async function samplesOf(cell) {
  if (!decoded.has(cell)) {
    const slots = cell.histogram ? await decodeHistogram(cell.histogram) : [];
    decoded.set(cell, slots.map(({ from, to, count }) => ({ from: from / 1e6, to: to / 1e6, count })));
  }
  return decoded.get(cell);
}

/** The middle of an estimate for drawing, in ms, or null: its value, else nothing. */
export const drawnMs = (estimate) => (isNumber(estimate.value) ? estimate.value / 1000 : null);
