// Reads the HdrHistograms of a report: base64 of the V2 encoding with DEFLATE.
//
// The format, all integers big-endian (reference: HdrHistogram/HdrHistogram on GitHub, AbstractHistogram.java,
// encodeIntoByteBuffer and encodeIntoCompressedByteBuffer):
//
//   compressed form  i32 cookie 0x1c849304 (or with 0x10 set), i32 length, then that many bytes of zlib data, which hold
//   plain form       i32 cookie 0x1c849303 (or with 0x10 set), i32 length of the counts in bytes, i32 normalizing index
//                    offset, i32 significant digits, i64 lowest, i64 highest trackable value, f64 conversion ratio, counts
//   counts           ZigZag LEB128, at most 9 bytes each: a count >= 0 for the next slot, or -n for n empty slots
//
// The index offset is not read: it is 0 unless a histogram was shifted in memory, which nothing here does (and the
// JavaScript reference writes 1 for 0).
//
// Written here because that reference (npm hdr-histogram-js) weighs 60 KB gzip, more than the rest of the page together,
// and calls eval, which the page's content security policy forbids. The tests hold this reader against it.

const COMPRESSED_COOKIE = 0x1c849304;
const PLAIN_COOKIE = 0x1c849303;
const HEADER_BYTES = 40;

/**
 * Decodes a histogram into its slots that hold samples, ascending: `[{from, to, count}]`. A sample in a slot was at least
 * `from` and below `to`, in the unit of recording (ns in reports).
 *
 * Throws where the text is not such a histogram.
 */
export async function decodeHistogram(base64) {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const outer = new DataView(packed.buffer);
  expectCookie(outer, COMPRESSED_COOKIE);
  const plain = await inflate(packed.subarray(8, 8 + outer.getInt32(4)));
  const view = new DataView(plain.buffer);
  expectCookie(view, PLAIN_COOKIE);
  const slotBounds = slotGeometry(view.getInt32(12), Number(view.getBigInt64(16)));
  return readCounts(plain.subarray(HEADER_BYTES, HEADER_BYTES + view.getInt32(4)), slotBounds);
}

function expectCookie(view, cookie) {
  const found = view.getInt32(0) & ~0xf0;
  if (found !== (cookie & ~0xf0)) throw new Error(`not a V2 HdrHistogram: its cookie is ${found.toString(16)}`);
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The bounds of the slot at an index: the first bucket is linear, each further one half as fine (AbstractHistogram.init). */
function slotGeometry(significantDigits, lowest) {
  const unitMagnitude = Math.floor(Math.log2(Math.max(1, lowest)));
  const subBucketBits = Math.ceil(Math.log2(2 * 10 ** significantDigits));
  const half = 2 ** (subBucketBits - 1);
  return (index) => {
    const bucket = Math.max(0, Math.floor(index / half) - 1);
    const subBucket = index - bucket * half;
    const width = 2 ** (bucket + unitMagnitude);
    return { from: subBucket * width, to: (subBucket + 1) * width };
  };
}

function readCounts(bytes, slotBounds) {
  const slots = [];
  let index = 0;
  let position = 0;
  while (position < bytes.length) {
    let bits = 0n;
    let shift = 0n;
    let byte;
    do {
      byte = bytes[position];
      if (byte === undefined) throw new Error("the histogram ends within a count");
      // The ninth byte, if there is one, gives eight bits and ends the number.
      bits |= BigInt(shift === 56n ? byte : byte & 0x7f) << shift;
      position += 1;
      shift += 7n;
    } while (byte & 0x80 && shift <= 56n);
    const count = Number((bits >> 1n) ^ -(bits & 1n));
    if (count < 0) index -= count;
    else {
      if (count > 0) slots.push({ ...slotBounds(index), count });
      index += 1;
    }
  }
  return slots;
}

/** All samples of decoded slots. */
export const totalCount = (slots) => slots.reduce((sum, slot) => sum + slot.count, 0);

/**
 * The slot of a quantile in [0, 1]: the first in which the share of samples reaches it (as in HdrHistogram's
 * getValueAtPercentile); `undefined` without samples.
 */
export function slotAt(slots, quantile) {
  const rank = Math.max(1, Math.ceil(quantile * totalCount(slots) - 1e-9));
  let below = 0;
  return slots.find((slot) => (below += slot.count) >= rank);
}
