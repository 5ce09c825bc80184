// A made-up report in the layout of protocol/src/report.rs, for states of the page that a real run shows only by chance.
// Its latencies are drawn from known distributions with a fixed seed; its statistics are rough, but never contradict its samples.
import hdr from "hdr-histogram-js";

const CENTRE_US = { direct: 0.8, "service-binding": 90, "raw-fetch": 450, rpc: 55, msgpack: 95, "capnweb-batch": 200, "capnweb-websocket": 75, websocket: 30 };
const PER_KB_US = { direct: 0.004, "service-binding": 3.8, "raw-fetch": 4.2, rpc: 3.6, msgpack: 1.9, "capnweb-batch": 4, "capnweb-websocket": 4, websocket: 3.5 };
const FUNCTION_US = { echo: 0, transform: 6, compute: 2 };
const BLOCKS = 20;

const DEFAULT_PLAN = {
  transports: ["direct", "service-binding", "raw-fetch"],
  functions: ["echo", "transform", "compute"],
  payload_bytes: [100, 1000, 10_000, 100_000],
  payload_shape: "text",
  until: "samples",
  samples_per_cell: 400,
  warmup_per_slice: 2,
  timer: "auto",
  seed: 1,
  thresholds: { p50_ms: 1, p95_ms: 3, p99_ms: 5, max_error_share: 0.01 },
  call_timeout_ms: 10_000,
  batch_size: 1,
  concurrency: 1,
  breakdown: true,
};

/** A report of `plan` (fields left out are the default plan's); `ticked` as a clock that stands still would give it. */
export function sampleReport({ plan: asked = {}, ticked = false, id = "20261122T172800Z-4f9a1c07", warnings = [] } = {}) {
  const plan = { ...DEFAULT_PLAN, ...asked };
  const next = random(plan.seed);
  const cells = plan.transports.flatMap((transport) => plan.functions.flatMap((fn) => plan.payload_bytes.map((bytes) => sampleCell({ transport, fn, bytes }, plan, ticked, next))));
  const delegated = cells.filter(({ transport }) => transport !== "direct");
  const overheads = plan.transports.includes("direct") ? delegated.map((cell) => overhead(cell, cells)) : [];
  const verdicts = (overheads.length > 0 ? overheads : delegated).flatMap((row) => verdictsOf(row, plan.thresholds, overheads.length > 0));
  return {
    schema_version: 2,
    run: { id, trigger: "request", location: "default", locations: ["default"], colo: ticked ? "FRA" : null, started_at: "2026-11-22T17:28:01Z", finished_at: "2026-11-22T17:29:44Z", state: "completed" },
    plan,
    environment: environment(ticked),
    summary: summary(plan, verdicts, overheads),
    cells,
    overheads,
    breakdown: ticked ? [] : breakdown(plan),
    slopes: plan.transports.flatMap((transport) => plan.functions.map((fn) => ({ transport, function: fn, us_per_kb: estimate(PER_KB_US[transport], 0.1), intercept_us: estimate(CENTRE_US[transport], 4) }))),
    verdicts,
    failed_calls: plan.transports.map((transport) => ({ transport, failed: 0, share: { value: 0, lower: 0, upper: 0.001, n: 5000, effective_n: 5000, text: "0 % [0 %, 0.10 %]" }, allowed_share: 0.01, outcome: "pass" })),
    analysis: analysis(overheads),
    warnings,
  };
}

function random(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

/** In ms, as crate report writes it, roughly: what is not a number never looks like one. */
function textOf({ value, lower, upper }) {
  const ms = (us) => (us / 1000).toFixed(3);
  if (typeof value === "number") return `${ms(value)} [${ms(lower)}, ${ms(upper)}]`;
  if (typeof upper === "number") return lower > 0 ? `${lower / 1000} to ${upper / 1000}` : `< ${upper / 1000}`;
  return "n/a";
}

const withText = (estimate) => ({ ...estimate, text: textOf(estimate) });

const estimate = (value, halfWidth, n = 400) => withText({ value, lower: value - halfWidth, upper: value + halfWidth, resolution: 1, n });

function sampleCell({ transport, fn, bytes }, plan, ticked, next) {
  const centre = CENTRE_US[transport] + (PER_KB_US[transport] * bytes) / 1000 + FUNCTION_US[fn] * (1 + bytes / 5000);
  const slow = transport === "direct" ? 0 : 0.03;
  const us = Array.from({ length: plan.samples_per_cell }, () => centre * Math.exp(0.25 * next.normal()) + (next.uniform() < slow ? -1000 * Math.log(1 - next.uniform()) : 0));
  const latencies = us.map((value) => (ticked ? Math.floor(value / 1000 + next.uniform()) * 1_000_000 : Math.round(value * 1000))).sort((a, b) => a - b);
  const histogram = hdr.build({ lowestDiscernibleValue: 1, highestTrackableValue: 2 ** 37, numberOfSignificantValueDigits: 3, bitBucketSize: 64 });
  for (const latency of latencies) histogram.recordValue(latency);
  const n = latencies.length;
  const mean = latencies.reduce((sum, value) => sum + value, 0) / n / 1000;
  const quantile = (q, needed) => quantileOf(latencies, q, needed, ticked);
  return {
    id: `${transport}.${fn}.${bytes}`, transport, function: fn, payload_bytes: bytes, count: n,
    errors: {}, skipped: 0, lost: ticked ? 0 : 2, warmup_calls: BLOCKS * plan.warmup_per_slice,
    min_us: ticked ? null : latencies[0] / 1000, max_us: latencies[n - 1] / 1000,
    mean_us: estimate(mean, mean / 12, n), chain_mean_us: estimate(mean * 0.9, 12, BLOCKS * 8), isolation_cost_us: estimate(mean * 0.1, 14, n),
    p50_us: quantile(0.5, 6), p95_us: quantile(0.95, 72), p99_us: quantile(0.99, 368), p99_9_us: quantile(0.999, 3688),
    histogram: hdr.encodeIntoCompressedBase64(histogram),
  };
}

function quantileOf(sorted, q, needed, ticked) {
  const n = sorted.length;
  const at = (share) => sorted[Math.min(n - 1, Math.max(0, Math.ceil(share * n) - 1))] / 1000;
  if (n < needed) return withText({ value: null, reason: { code: "too-few-samples", needed, have: n, text: `a 95 % interval needs ${needed} samples, there are ${n}` } });
  if (ticked) return withText({ value: null, lower: Math.max(0, at(q) - 1000), upper: at(q) + 1000, basis: "tick", exclusive: true, resolution: 1000, n, reason: { code: "tick", text: "a clock that stands still during computation gives bounds, not a point" } });
  const spread = 1.96 * Math.sqrt((q * (1 - q)) / n);
  return withText({ value: at(q), lower: at(q - spread), upper: at(q + spread), resolution: 1, n });
}

const minus = (a, b) => {
  if (a.value === null || b.value === null) return withText({ value: null, ...(a.lower !== undefined && { lower: a.lower, upper: a.upper, resolution: 1000 }), n: a.n, reason: a.reason ?? b.reason });
  return withText({ value: a.value - b.value, lower: a.lower - b.upper, upper: a.upper - b.lower, resolution: 1, n: a.n });
};

function overhead(cell, cells) {
  const base = cells.find(({ id }) => id === cell.id.replace(cell.transport, "direct"));
  return Object.fromEntries([["id", cell.id], ...["mean_us", "p50_us", "p95_us", "p99_us"].map((field) => [field, minus(cell[field], base[field])])]);
}

function verdictsOf(row, thresholds, paired) {
  return ["p50", "p95", "p99"].map((metric) => {
    const found = row[`${metric}_us`];
    const limit = thresholds[`${metric}_ms`];
    const outcome = found.upper < limit * 1000 ? "pass" : found.lower > limit * 1000 ? "fail" : "inconclusive";
    const allowed = { p50: 0.5, p95: 0.05, p99: 0.01 }[metric];
    const share = { pass: [0, 0, allowed * 0.8], fail: [3 * allowed, 2 * allowed, 4 * allowed], inconclusive: [allowed, allowed / 2, 2 * allowed] }[outcome];
    const above = found.n && { value: share[0], lower: share[1], upper: Math.min(1, share[2]), n: found.n, effective_n: found.n, text: `${share[0] * 100} % [${share[1] * 100} %, ${share[2] * 100} %]` };
    return { id: row.id, metric, quantity: paired ? "overhead" : "latency", threshold_ms: limit, estimate_us: found, ...(above && { share_above: above }), allowed_share: allowed, outcome, ...(outcome === "inconclusive" && { samples_needed: 1600 }) };
  });
}

const worst = (outcomes) => ["fail", "inconclusive"].find((outcome) => outcomes.includes(outcome)) ?? "pass";

/** Judged are the ways of a service binding, as in crate report; the others are no part of the answer. */
function summary(plan, verdicts, overheads) {
  const delegating = plan.transports.filter((transport) => transport !== "direct");
  const ways = delegating.filter((transport) => ["service-binding", "rpc"].includes(transport));
  const judged = ways.length > 0 ? ways : delegating;
  const transports = delegating.map((transport) => {
    const own = verdicts.filter(({ id }) => id.startsWith(`${transport}.`));
    const outcome = worst(own.map((verdict) => verdict.outcome));
    const deciding = own.find((verdict) => verdict.outcome === outcome);
    const row = overheads.find(({ id }) => id === deciding.id);
    const figures = row ? `overhead of ${deciding.id}: p50 ${row.p50_us.text}, p95 ${row.p95_us.text}, p99 ${row.p99_us.text} ms` : "";
    return { transport, outcome, judged: judged.includes(transport), reason: `${deciding.metric} ${deciding.quantity} of ${deciding.id} is the nearest to its limit of ${deciding.threshold_ms} ms`, closest: deciding.id, figures };
  });
  const outcome = worst(transports.filter((one) => one.judged).map((one) => one.outcome));
  const text = { pass: "Yes: every judged transport meets p50 < 1 ms, p95 < 3 ms, p99 < 5 ms", fail: "No: a judged transport is above its limit", inconclusive: "Open: the clock is too coarse for an answer" }[outcome];
  return { outcome, text, transports };
}

function breakdown(plan) {
  return plan.functions.flatMap((fn) => plan.payload_bytes.map((bytes) => {
    const kb = bytes / 1000;
    return {
      function: fn, payload_bytes: bytes, total_us: estimate(88 + 3.8 * kb, 6), empty_hop_us: estimate(62, 3), encode_us: estimate(1.5 + 0.6 * kb, 0.3),
      decode_us: estimate(1.2 + 0.9 * kb, 0.3), function_us: estimate(FUNCTION_US[fn] * (1 + kb / 5), 0.2), residual_us: estimate(15 + 2.1 * kb, 5),
    };
  }));
}

function environment(ticked) {
  return {
    package_version: "0.1.0", deployed_version_id: ticked ? "7a1c0f4e-1111-2222-3333-444455556666" : null, compatibility_date: "2026-07-01", limits: ticked ? "paid" : "local",
    timers: [ticked ? "ticked" : "interpolated"], tick_ms: 1, clock_advances_during_cpu: !ticked, polls_per_tick: ticked ? null : 850, polls_per_tick_mad: ticked ? null : 12,
    noise_floor: ticked ? null : { p50_us: 1.4, p95_us: 9.8, p99_us: 31, n: 800 }, isolation_cost_us: ticked ? null : estimate(18, 6, 800),
  };
}

function analysis(overheads) {
  const first = overheads[0];
  if (!first) return [];
  const value = first.p50_us.value;
  return [
    { topic: "transport-vs-direct", text: value === null ? "The median overhead cannot be told from nothing with this clock." : `Delegating adds ${(value / 1000).toFixed(3)} ms at the median of ${first.id}.`, figures: value === null ? [] : [{ path: `overheads/${first.id}/p50_us`, value }] },
    { topic: "payload-effect", text: "Each KB of payload adds 3.8 µs over the service binding.", figures: [{ path: "slopes/service-binding.echo/us_per_kb", value: 3.8 }] },
  ];
}
