// Turns estimates into text. Times come in microseconds and are shown in milliseconds, with as many digits as the resolution
// supports; what is below the resolution is shown as such and never as 0.

const MINUS = "−";
const MOST_DECIMALS = 5;
/** Assumed where none is stated: figures have been through a histogram of 3 digits (as protocol/src/markdown/figure.rs does). */
const DEFAULT_RESOLUTION_US = 1;

/** Decimals of a value in ms whose timer resolves `resolutionUs`: 1 us gives 3, a tick of 1 ms gives 0. */
export function decimalsFor(resolutionUs) {
  if (!(resolutionUs > 0)) return decimalsFor(DEFAULT_RESOLUTION_US);
  const needed = Math.ceil(-Math.log10(resolutionUs / 1000) - 1e-9);
  return Math.min(MOST_DECIMALS, Math.max(0, needed));
}

/** A time in ms, given in us. */
export function milliseconds(us, resolutionUs) {
  const decimals = decimalsFor(resolutionUs);
  const step = resolutionUs > 0 ? resolutionUs : DEFAULT_RESOLUTION_US;
  if (Math.abs(us) >= step) return fixed(us, decimals);
  return us < 0 ? `> ${MINUS}${fixed(step, decimals)}` : `< ${fixed(step, decimals)}`;
}

function fixed(us, decimals) {
  return grouped((us / 1000).toFixed(decimals)).replace("-", MINUS);
}

/** Groups the digits before the point by thousands. */
function grouped(text) {
  const [whole, fraction] = text.split(".");
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** A whole number with its thousands separated. */
export const integer = (value) => grouped(String(Math.round(value)));

/**
 * How an estimate in us reads in ms: `{text, interval, reason}`. `text` is the value, or proven bounds where there is no
 * value, or a dash. `interval` is null where there is none, where `text` already is the bounds, and where both ends are as
 * far below the resolution as the value itself.
 */
export function estimateText(estimate) {
  const { value, lower, upper, resolution, reason } = estimate;
  const show = (us) => milliseconds(us, resolution);
  if (isNumber(value)) {
    const interval = bounds(lower, upper, show);
    const says = isNumber(lower) && isNumber(upper) && show(lower) === show(upper) && show(value).startsWith("<");
    return { text: show(value), interval: says ? null : interval, reason: null };
  }
  // A proven lower bound of 0 is a fact and no reading, so it is shown as 0.
  const proven = bounds(lower, upper, (us) => (us === 0 ? "0" : show(us)));
  return { text: proven ?? "—", interval: null, reason: reason ?? "no reason was given" };
}

function bounds(lower, upper, show) {
  if (isNumber(lower) && isNumber(upper)) return `${show(lower)} to ${show(upper)}`;
  if (isNumber(upper)) return `at most ${show(upper)}`;
  if (isNumber(lower)) return `at least ${show(lower)}`;
  return null;
}

/** Whether it is a number at all: absent and null fields are not. */
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** An estimate in one line: `0.091 ms (0.088 to 0.093)`. */
export function estimateLine(estimate, unit = "ms") {
  const { text, interval, reason } = estimateText(estimate);
  if (interval) return `${text} ${unit} (${interval})`;
  if (text === "—") return `not stated: ${reason}`;
  return `${text} ${unit}`;
}

/** `n = 400`, or `n = 380 to 400` where the counts differ; empty without any. */
export function sampleCounts(counts) {
  const known = counts.filter(isNumber);
  if (known.length === 0) return "n is not stated";
  const least = Math.min(...known);
  const most = Math.max(...known);
  return least === most ? `n = ${integer(least)}` : `n = ${integer(least)} to ${integer(most)}`;
}

/** The coarsest resolution of some estimates, in words. */
export function resolutionText(estimates) {
  const known = estimates.map((estimate) => estimate.resolution).filter((us) => isNumber(us) && us > 0);
  if (known.length === 0) return "resolution not stated";
  return `resolution ${Number((Math.max(...known) / 1000).toPrecision(2))} ms`;
}

/**
 * Says once what several sentences say that differ in numbers only: `there are 330` and `there are 346` become
 * `there are 330 to 346`. They must have the same `skeleton`.
 */
export function mergedSentence(sentences) {
  const numbers = sentences.map((sentence) => sentence.match(NUMBER) ?? []);
  let position = 0;
  return sentences[0].replace(NUMBER, (first) => {
    const column = numbers.map((row) => row[position]).sort((a, b) => a.replaceAll(",", "") - b.replaceAll(",", ""));
    position += 1;
    return column[0] === column.at(-1) ? first : `${column[0]} to ${column.at(-1)}`;
  });
}

/** A sentence without its numbers. */
export const skeleton = (sentence) => sentence.replace(NUMBER, "#");

const NUMBER = /\d[\d,]*(\.\d+)?/g;

/** A span in seconds for people: `45 s`, `3 min 5 s`, `2 h 4 min`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** An RFC 3339 instant in UTC, to the minute: `2026-11-22 17:28 UTC`. */
export function instant(text) {
  return text ? `${new Date(text).toISOString().slice(0, 16).replace("T", " ")} UTC` : "—";
}

/** Joins names as a sentence does: `a, b and c`. */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
