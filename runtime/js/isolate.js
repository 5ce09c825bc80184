// What this isolate has been asked, and since when. Here and not in wasm, whose memory a panic takes with it: the isolate goes on.
let id = 0;
let sinceMs = 0;
let served = 0;

// Counts what is asked now, and returns the count. The first draws the id, a whole number below 2^53: at module scope a Worker may draw nothing.
export function count(nowMs) {
  if (served === 0) {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2));
    id = (high >>> 11) * 2 ** 32 + low;
    sinceMs = nowMs;
  }
  served += 1;
  return served;
}

export const isolateId = () => id;
export const isolateSinceMs = () => sinceMs;
