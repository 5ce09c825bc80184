// Holds the page's reader of HdrHistograms against the reference implementation for JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import hdr from "hdr-histogram-js";
import { decodeHistogram, slotAt, totalCount } from "../src/histogram.js";

/** mulberry32: seeded, so that a failure can be repeated. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function reference(values, digits = 3) {
  const histogram = hdr.build({ lowestDiscernibleValue: 1, highestTrackableValue: 2 ** 40, numberOfSignificantValueDigits: digits, bitBucketSize: 64 });
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

test("every slot and quantile is the reference's, from 0 ns to 15 minutes", async () => {
  const next = random(7);
  for (const digits of [2, 3, 4]) {
    const values = Array.from({ length: 5000 }, () => Math.floor(10 ** (next() * 11.95)) - 1);
    const histogram = reference(values, digits);
    const slots = await decodeHistogram(hdr.encodeIntoCompressedBase64(histogram));
    assert.equal(totalCount(slots), 5000);
    for (const quantile of [0.001, 0.25, 0.5, 0.95, 0.99, 0.999, 1]) {
      const expected = histogram.getValueAtPercentile(quantile * 100);
      const slot = slotAt(slots, quantile);
      assert.ok(slot.from <= expected && expected < slot.to, `${digits} digits, q ${quantile}: ${expected} not in ${JSON.stringify(slot)}`);
    }
  }
});

test("counts that need several bytes survive", async () => {
  const histogram = reference([]);
  histogram.recordValueWithCount(90_000, 3_000_000_000);
  histogram.recordValueWithCount(5_000_000, 200);
  const slots = await decodeHistogram(hdr.encodeIntoCompressedBase64(histogram));
  assert.deepEqual(slots.map((slot) => slot.count), [3_000_000_000, 200]);
});

test("an empty histogram has no slots and no quantiles", async () => {
  const slots = await decodeHistogram(hdr.encodeIntoCompressedBase64(reference([])));
  assert.deepEqual(slots, []);
  assert.equal(slotAt(slots, 0.5), undefined);
});

test("what is no histogram is refused", async () => {
  await assert.rejects(decodeHistogram(btoa("not a histogram")), /not a V2 HdrHistogram/);
});
