// Turns estimates into text. Times come in microseconds and are shown in milliseconds (slopes in microseconds), with as many digits
// as the resolution supports; what is below the resolution is shown as such and never as 0. The rules are those of
// protocol/src/markdown/figure.rs.

const MINUS = "−";
const MOST_DECIMALS = 6;
/** Assumed where none is stated: figures have been through a histogram of 3 digits. */
const DEFAULT_RESOLUTION_US = 1;
/** Microseconds of a unit. */
const UNITS = { ms: 1000, "µs": 1 };
/** A hair of tolerance, in steps of the last digit: 1 / 1000 is not exactly representable. */
const HAIR = 1e-9;

const known = (resolutionUs) => (resolutionUs > 0 ? resolutionUs : DEFAULT_RESOLUTION_US);

/** Decimals of a value in `unit` whose timer resolves `resolutionUs`: in ms, 1 us gives 3, a tick of 1 ms gives 0. */
export function decimalsFor(resolutionUs, unit = "ms") {
  const needed = Math.ceil(-Math.log10(known(resolutionUs) / UNITS[unit]) - HAIR);
  return Math.min(MOST_DECIMALS, Math.max(0, needed));
}

/** A time in ms (or another unit), given in us. */
export function milliseconds(us, resolutionUs, unit = "ms") {
  const step = known(resolutionUs);
  if (Math.abs(us) >= step) return signed((us / UNITS[unit]).toFixed(decimalsFor(step, unit)));
  const below = signed(roundedAway(step / UNITS[unit], 2));
  return us < 0 ? `> ${MINUS}${below}` : `< ${below}`;
}

/**
 * A proven bound in ms, given in us, rounded away from what it bounds: `side` is Math.floor for a lower, Math.ceil for an upper one. It is a fact
 * and no reading, so 0 is shown as 0, and a bound that is finer than the resolution keeps two digits.
 */
function bound(us, side, resolutionUs, unit) {
  const value = us / UNITS[unit];
  if (value === 0) return "0";
  const supported = decimalsFor(resolutionUs, unit);
  const needed = decimalsOf(value, 2);
  const text = rounded(value, Math.max(supported, needed), side);
  return signed(needed > supported ? trimmed(text) : text);
}

/** Decimals that show `digits` digits of a number that is not 0. */
const decimalsOf = (number, digits) => Math.min(9, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(number)) + HAIR)));

function rounded(number, decimals, side) {
  const tolerance = side === Math.ceil ? -HAIR : HAIR;
  return (side(number * 10 ** decimals + tolerance) / 10 ** decimals).toFixed(decimals);
}

/** A positive number to some digits, rounded up: what is below it is below this. */
const roundedAway = (number, digits) => trimmed(rounded(number, decimalsOf(number, digits), Math.ceil));

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

const signed = (text) => grouped(text).replace("-", MINUS);

/** Groups the digits before the point by thousands. */
function grouped(text) {
  const [whole, fraction] = text.split(".");
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** A whole number with its thousands separated. */
export const integer = (value) => grouped(String(Math.round(value)));

/**
 * How an estimate in us reads in ms (or another unit): `{text, interval, reason}`. `text` is the value, or proven bounds where there is no
 * value, or a dash. `interval` is null where there is none, where `text` already is the bounds, and where value and both ends are
 * below the resolution: it then says no more than the value does.
 */
export function estimateText(estimate, unit = "ms") {
  const { value, lower, upper, resolution, reason } = estimate;
  if (isNumber(value)) {
    const show = (us) => milliseconds(us, resolution, unit);
    const unseen = [value, lower, upper].every((us) => Math.abs(us) < known(resolution));
    return { text: show(value), interval: unseen ? null : bounds(lower, upper, show, show), reason: null };
  }
  const proven = bounds(lower, upper, (us) => bound(us, Math.floor, resolution, unit), (us) => bound(us, Math.ceil, resolution, unit));
  return { text: proven ?? "—", interval: null, reason: reason ?? "no reason was given" };
}

function bounds(lower, upper, showLower, showUpper) {
  if (isNumber(lower) && isNumber(upper)) return `${showLower(lower)} to ${showUpper(upper)}`;
  if (isNumber(upper)) return `at most ${showUpper(upper)}`;
  if (isNumber(lower)) return `at least ${showLower(lower)}`;
  return null;
}

/** Whether it is a number at all: absent and null fields are not. */
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** An estimate in one line: `0.091 ms (0.088 to 0.093)`. `unit` is `ms` or `µs`. */
export function estimateLine(estimate, unit = "ms") {
  const { text, interval, reason } = estimateText(estimate, unit);
  if (interval) return `${text} ${unit} (${interval})`;
  if (text === "—") return `not stated: ${reason}`;
  return `${text} ${unit}`;
}

/** A share of calls in [0, 1] as percent with two digits: `0.23 %`, `1.4 %`, `62 %`. */
export function percentText(share) {
  const percent = share * 100;
  if (percent > 0 && percent < 0.005) return "< 0.01 %";
  return `${percent.toFixed(percent === 0 || percent >= 9.95 ? 0 : percent >= 0.995 ? 1 : 2)} %`;
}

/** A share with its limits: `0.90 % (0.40 % to 1.7 %)`, or its limits alone where the clock leaves it open; a dash without one. */
export function shareText(share) {
  if (!share) return "—";
  const ends = `${percentText(share.lower)} to ${percentText(share.upper)}`;
  return isNumber(share.value) ? `${percentText(share.value)} (${ends})` : ends;
}

/** How latency grows with the payload: `each KB: 1.48 µs (1.04 to 1.99); at no payload: 227 µs (197 to 266)`. */
export const slopeText = ({ us_per_kb: slope, intercept_us: intercept }) =>
  `each KB: ${estimateLine(slope, "µs")}; at no payload: ${estimateLine(intercept, "µs")}`;

/** A figure that a sentence cites, as the report has it: `= 90.5`, or `< 1, the resolution`. An end that is 0 is a proven bound. */
export function figureText({ path, value, resolution }) {
  const proven = value === 0 && /\/(lower|upper)$/.test(path);
  if (Math.abs(value) < resolution && !proven) return `< ${Number(resolution.toPrecision(3))}, the resolution`;
  return `= ${Number(value.toPrecision(6))}`;
}

/** What is to be known of a mean, an estimate in us, that one slice dominates: `57 % of it in one slice of 8 calls; 0.22 without it`, in ms; null where none does. */
export function stretchText(stretch, mean) {
  if (!stretch) return null;
  const { share, calls, mean_without_us: without } = stretch;
  return `${Math.round(share * 100)} % of it in one slice of ${integer(calls)} calls; ${milliseconds(without, mean.resolution)} without it`;
}

/** The noise floor in one line, each figure against the resolution of a reading. */
export function noiseFloorText({ p50_us: p50, p95_us: p95, p99_us: p99, n, resolution_us: resolution }) {
  const ms = (us) => `${milliseconds(us, resolution)} ms`;
  const stated = isNumber(resolution) ? `resolution of a reading ${Number((resolution / 1000).toPrecision(2))} ms; ` : "";
  return `p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}; ${stated}n = ${integer(n)}`;
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
