import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalsFor, duration, estimateLine, estimateText, figureText, milliseconds, noiseFloorText, percentText, sampleCounts, shareText, slopeText, stretchText, textOrReason } from "../src/format.js";
import { payloadTitle } from "../src/vocabulary.js";

test("a value has as many digits as its resolution supports", () => {
  for (const [resolutionUs, shown] of [[1, "1.235"], [5, "1.235"], [20, "1.23"], [100, "1.2"], [1000, "1"], [undefined, "1.235"]]) {
    assert.equal(milliseconds(1234.6, resolutionUs), shown, `resolution ${resolutionUs} us`);
  }
  assert.deepEqual([1000, 1, 0.01, 0.0001].map((us) => decimalsFor(us)), [0, 3, 5, 6]);
});

test("an estimate is shown by its text, and says why it has no value", () => {
  assert.deepEqual(estimateText({ value: 90.6, text: "0.091 [0.088, 0.093]" }), { text: "0.091 [0.088, 0.093]", reason: null });
  const bounded = { value: null, lower: 0, upper: 1000, text: "< 1", reason: { code: "tick", text: "the tick is too coarse" } };
  assert.deepEqual(estimateText(bounded), { text: "< 1", reason: "the tick is too coarse" });
  assert.equal(estimateLine({ value: 90.6, text: "0.091 [0.088, 0.093]" }), "0.091 [0.088, 0.093] ms");
  assert.equal(textOrReason({ value: null, text: "n/a", reason: { code: "no-samples", text: "no samples" } }), "no samples");
  assert.equal(textOrReason(bounded), "< 1");
});

test("zero is never shown for what the timer cannot see", () => {
  assert.equal(milliseconds(0, 1), "< 0.001");
  assert.equal(milliseconds(0.4, 1), "< 0.001");
  assert.equal(milliseconds(999, 1000), "< 1");
  assert.equal(milliseconds(-3, 5), "> −0.005");
  assert.equal(milliseconds(-12, 5), "−0.012");
});

test("shares are percentages of two digits", () => {
  assert.deepEqual([0, 0.00001, 0.0023, 0.01, 0.014, 0.05, 0.62, 1].map(percentText), ["0 %", "< 0.01 %", "0.23 %", "1.0 %", "1.4 %", "5.0 %", "62 %", "100 %"]);
  assert.equal(shareText({ value: 0.001, text: "0.10 % [0 %, 0.83 %]" }), "0.10 % [0 %, 0.83 %]");
  assert.equal(shareText(undefined), "n/a");
});

test("nothing is said to be below less than the resolution", () => {
  assert.equal(milliseconds(10.5, 10.93), "< 0.011");
  assert.deepEqual([21.4, -21.4, 31].map((us) => milliseconds(us, 21.1)), ["0.022", "−0.022", "0.03"], "nor is what is not below it written as less");
});

test("slopes are shown as the report has them", () => {
  const us_per_kb = { value: 0, lower: -0.004, upper: 0.004, resolution: 0.012, text: "< 0.012" };
  assert.equal(slopeText({ us_per_kb, intercept_us: { value: 227, text: "227.0 [197.4, 266.0]" } }), "each KB: < 0.012 µs; at no payload: 227.0 [197.4, 266.0] µs");
  assert.equal(slopeText({ us_per_kb: { value: null, reason: { code: "no-samples", text: "no samples" }, text: "n/a" }, intercept_us: { value: 2, text: "2" } }), "each KB: not stated: no samples; at no payload: 2 µs");
});

test("a mean that one slice dominates says so", () => {
  const stretch = { block: 7, calls: 8, share: 0.574, mean_without_us: 224.4 };
  assert.equal(stretchText(stretch, { value: 523, resolution: 28 }), "57 % of it in one slice of 8 calls; 0.22 without it");
  assert.equal(stretchText(undefined, { value: 220, resolution: 28 }), null);
});

test("the noise floor is held against its resolution", () => {
  assert.equal(noiseFloorText({ p50_us: 0, p95_us: 59.3, p99_us: 653.1, n: 1238, resolution_us: 10.93 }),
    "p50 < 0.011 ms, p95 0.06 ms, p99 0.65 ms; resolution of a reading 0.011 ms; n = 1,238");
  assert.equal(noiseFloorText({ p50_us: 0, p95_us: 59.3, p99_us: 653.1, n: 8 }), "p50 < 0.001 ms, p95 0.059 ms, p99 0.653 ms; n = 8");
});

test("a cited figure is held against its resolution, and a proven bound of 0 is 0", () => {
  assert.equal(figureText({ path: "cells/direct.echo.100/p50_us", value: 0, resolution: 10.93 }), "< 10.9, the resolution");
  assert.equal(figureText({ path: "cells/rpc.echo.100/p50_us", value: 90.5, resolution: 1 }), "= 90.5");
  assert.equal(figureText({ path: "overheads/rpc.echo.100/p50_us/lower", value: 0, resolution: 1000 }), "= 0");
  assert.equal(figureText({ path: "cells/rpc.echo.100/p50_us", value: 90.5 }), "= 90.5", "of a report from before resolutions were cited");
});

test("counts, spans and sizes read as people write them", () => {
  assert.equal(sampleCounts([400, 380, undefined]), "n = 380 to 400");
  assert.equal(sampleCounts([12000]), "n = 12,000");
  assert.deepEqual([45, 185, 7440].map(duration), ["45 s", "3 min 5 s", "2 h 4 min"]);
  assert.deepEqual([100, 1000, 100_000, 1_000_000, 1500].map(payloadTitle), ["100 B", "1 KB", "100 KB", "1 MB", "1.5 KB"]);
});
