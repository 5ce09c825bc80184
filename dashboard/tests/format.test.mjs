import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalsFor, duration, estimateLine, estimateText, figureText, mergedSentence, milliseconds, noiseFloorText, percentText, sampleCounts, shareText, skeleton, slopeText, stretchText } from "../src/format.js";
import { payloadTitle } from "../src/vocabulary.js";

test("a value has as many digits as its resolution supports", () => {
  for (const [resolutionUs, shown] of [[1, "1.235"], [5, "1.235"], [20, "1.23"], [100, "1.2"], [1000, "1"], [undefined, "1.235"]]) {
    assert.equal(milliseconds(1234.6, resolutionUs), shown, `resolution ${resolutionUs} us`);
  }
  assert.deepEqual([1000, 1, 0.01, 0.0001].map((us) => decimalsFor(us)), [0, 3, 5, 6]);
});

test("zero is never shown for what the timer cannot see", () => {
  assert.equal(milliseconds(0, 1), "< 0.001");
  assert.equal(milliseconds(0.4, 1), "< 0.001");
  assert.equal(milliseconds(999, 1000), "< 1");
  assert.equal(milliseconds(-3, 5), "> −0.005");
  assert.equal(milliseconds(-12, 5), "−0.012");
});

test("an estimate is its value with its interval", () => {
  const estimate = { value: 90.6, lower: 88, upper: 93, resolution: 1, n: 400 };
  assert.deepEqual(estimateText(estimate), { text: "0.091", interval: "0.088 to 0.093", reason: null });
  assert.equal(estimateLine(estimate), "0.091 ms (0.088 to 0.093)");
});

test("an interval that reaches calls that timed out has no upper end", () => {
  assert.equal(estimateText({ value: 90.6, lower: 88, resolution: 1, n: 400 }).interval, "at least 0.088");
});

test("shares are percentages of two digits", () => {
  assert.deepEqual([0, 0.00001, 0.0023, 0.01, 0.014, 0.05, 0.62, 1].map(percentText), ["0 %", "< 0.01 %", "0.23 %", "1.0 %", "1.4 %", "5.0 %", "62 %", "100 %"]);
  assert.equal(shareText({ value: 0.001, lower: 0, upper: 0.0083, n: 440 }), "0.10 % (0 % to 0.83 %)");
  assert.equal(shareText({ lower: 0, upper: 0.0083, n: 440 }), "0 % to 0.83 %");
  assert.equal(shareText(undefined), "—");
});

test("an interval wholly below the resolution is not repeated", () => {
  assert.deepEqual(estimateText({ value: 0.3, lower: 0.1, upper: 0.6, resolution: 1 }), { text: "< 0.001", interval: null, reason: null });
  assert.equal(estimateText({ value: 0.3, lower: 0.1, upper: 1.6, resolution: 1 }).interval, "< 0.001 to 0.002");
});

test("nothing is said to be below less than the resolution", () => {
  assert.equal(milliseconds(10.5, 10.93), "< 0.011");
  assert.equal(estimateText({ value: -0.3, lower: -0.4, upper: 0.6, resolution: 1 }).interval, null);
});

test("a slope too small to see is not 0", () => {
  const us_per_kb = { value: 0, lower: -0.004, upper: 0.004, resolution: 0.012 };
  assert.equal(slopeText({ us_per_kb, intercept_us: { value: 227, lower: 197.4, upper: 266, resolution: 0.7 } }), "each KB: < 0.012 µs; at no payload: 227.0 µs (197.4 to 266.0)");
  assert.equal(slopeText({ us_per_kb: { value: null, reason: "no samples" }, intercept_us: { value: 2, resolution: 1 } }), "each KB: not stated: no samples; at no payload: 2 µs");
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

test("a bound is rounded away from what it bounds", () => {
  assert.equal(estimateText({ value: null, lower: -9.96, upper: 1000, resolution: 1000 }).text, "−0.01 to 1");
  assert.equal(estimateText({ value: null, lower: 1990, upper: 3004, resolution: 1000 }).text, "1.9 to 3.1");
  assert.equal(estimateText({ value: null, lower: 205.3, upper: 6112, resolution: 10.9 }).text, "0.20 to 6.12");
});

test("what cannot be stated shows its bounds and its reason", () => {
  const bounded = { value: null, lower: 0, upper: 1000, resolution: 1000, reason: "below one tick" };
  assert.deepEqual(estimateText(bounded), { text: "0 to 1", interval: null, reason: "below one tick" });
  assert.equal(estimateText({ value: null, upper: 2000, resolution: 1000, reason: "r" }).text, "at most 2");
  assert.deepEqual(estimateText({ value: null, reason: "72 samples are needed, there are 20" }), {
    text: "—",
    interval: null,
    reason: "72 samples are needed, there are 20",
  });
});

test("sentences that differ in numbers only are said once", () => {
  const sentences = [330, 1346, 335].map((n) => `p99 needs at least 368 samples; there are ${n.toLocaleString("en-US")}`);
  assert.equal(new Set(sentences.map(skeleton)).size, 1);
  assert.equal(mergedSentence(sentences), "p99 needs at least 368 samples; there are 330 to 1,346");
  assert.equal(mergedSentence(["nothing 1.5"]), "nothing 1.5");
});

test("counts, spans and sizes read as people write them", () => {
  assert.equal(sampleCounts([400, 380, undefined]), "n = 380 to 400");
  assert.equal(sampleCounts([12000]), "n = 12,000");
  assert.deepEqual([45, 185, 7440].map(duration), ["45 s", "3 min 5 s", "2 h 4 min"]);
  assert.deepEqual([100, 1000, 100_000, 1_000_000, 1500].map(payloadTitle), ["100 B", "1 KB", "100 KB", "1 MB", "1500 B"]);
});
