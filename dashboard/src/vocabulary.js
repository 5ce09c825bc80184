// The names of the protocol (protocol/src/transport.rs, function.rs, payload.rs, measure.rs, report.rs) and how people read them.

/** Every transport, in the order of the tables. The marker distinguishes them without colour; style.css has the colours. */
export const TRANSPORTS = {
  direct: { title: "Direct", marker: "circle" },
  "service-binding": { title: "Service Binding", marker: "square" },
  "raw-fetch": { title: "Raw Fetch", marker: "triangle" },
  rpc: { title: "Workers RPC", marker: "diamond" },
  msgpack: { title: "MessagePack", marker: "cross" },
  "capnweb-batch": { title: "capnweb (batch)", marker: "star" },
  "capnweb-websocket": { title: "capnweb (WebSocket)", marker: "wye" },
  websocket: { title: "WebSocket", marker: "circle" },
};

/** The transport that calls the function in the caller itself: the baseline of every overhead. */
export const BASELINE = "direct";

/** Every function, with what it does. */
export const FUNCTIONS = {
  echo: "returns its payload undecoded",
  transform: "decodes and encodes its payload",
  compute: "sums 1,000 square roots",
};

/** What payloads can be made of. */
export const PAYLOAD_SHAPES = { text: "one string", records: "many small objects" };

/** The timers that a plan can ask for. */
export const TIMERS = {
  auto: "the finest that the clock allows",
  interpolated: "finer than a tick; needs a clock that runs",
  "io-interpolated": "finer than a tick; polls the clock by I/O",
  ticked: "whole ticks, as in production",
};

/** What the calls say about a threshold, as a verdict and as the answer of a transport; the sign distinguishes them without colour. */
export const OUTCOMES = {
  pass: { title: "Pass", answer: "Yes", sign: "✓" },
  fail: { title: "Fail", answer: "No", sign: "✕" },
  inconclusive: { title: "Open", answer: "Open", sign: "?" },
};

/** Which isolates are fresh in a cold start. */
export const SCENARIOS = {
  warm: "warm",
  "cold-stub": "cold stub, warm runtime",
  "cold-javascript-stub": "cold stub in JavaScript, warm runtime",
  "cold-runtime": "warm stub, cold runtime",
  "cold-both": "cold stub and runtime",
  "cold-monolith": "cold monolith",
};

/** Whether the process has compiled the wasm of a fresh isolate before. */
export const WASM_BYTES = { known: "known", new: "new" };

/** A kind of cold start for people. */
export const scenarioTitle = ({ scenario, wasm_bytes: wasm }) => `${SCENARIOS[scenario] ?? scenario}${wasm === "new" ? " (new wasm)" : ""}`;

/** The quantiles that a report states, by the field of a cell. Transports are compared by some; the others are stated of cells alone. */
export const QUANTILES = {
  p50_us: { title: "p50", quantile: 0.5, compared: true },
  p95_us: { title: "p95", quantile: 0.95, compared: true },
  p99_us: { title: "p99", quantile: 0.99, compared: true },
  p99_9_us: { title: "p99.9", quantile: 0.999, compared: false },
};

/** The fields of the quantiles that transports are compared by, and of the others. */
export const COMPARED = Object.keys(QUANTILES).filter((field) => QUANTILES[field].compared);
export const NOT_COMPARED = Object.keys(QUANTILES).filter((field) => !QUANTILES[field].compared);

/** The title of a field that holds a quantile or the mean. */
export const figureTitle = (field) => QUANTILES[field]?.title ?? "mean";

/** The name of a transport for people; an unknown one keeps its wire name. */
export const transportTitle = (transport) => TRANSPORTS[transport]?.title ?? transport;

/** The runtime of this project, whose name is left out of a cell's id and title. */
export const NATIVE = "native";

/** How a cell reaches its function, and whose it is: `Service Binding`, `Service Binding (pyodide)`. */
export const methodTitle = ({ runtime, transport }) => (runtime === NATIVE ? transportTitle(transport) : `${transportTitle(transport)} (${runtime})`);

/** A payload's size for people: `100 B`, `10 KB` (1 KB = 1,000 bytes). */
export function payloadTitle(bytes) {
  if (bytes >= 1e6 && bytes % 1e5 === 0) return `${bytes / 1e6} MB`;
  if (bytes >= 1e3 && bytes % 100 === 0) return `${bytes / 1e3} KB`;
  return `${bytes} B`;
}

/** What a cell does, for people: `transform, 10 KB`. */
const workTitle = ({ fn, payloadBytes }) => `${fn}, ${payloadTitle(payloadBytes)}`;

/** A cell without its transport, for people: `transform, 10 KB`, `pyodide: transform, 10 KB`. */
export const ownWorkTitle = (cell) => (cell.runtime === NATIVE ? workTitle(cell) : `${cell.runtime}: ${workTitle(cell)}`);

/** A cell for people: `Service Binding, transform, 10 KB`, `Service Binding (pyodide), transform, 10 KB`. */
export const cellTitle = (cell) => `${methodTitle(cell)}, ${workTitle(cell)}`;

/** What a series is of, for people: a cell, or `Cold start: cold stub, warm runtime (new wasm)`. */
export const subjectTitle = (of) =>
  of.scenario ? `Cold start${of.runtime === NATIVE ? "" : ` (${of.runtime})`}: ${scenarioTitle(of)}` : cellTitle(of);
