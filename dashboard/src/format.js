// What the page says of figures. Estimates bring their text (crate report makes it); here are only the single times that a drawing
// shows beside them, such as a point under the pointer: in milliseconds, with as many digits as the resolution supports.

import { COMPARED, figureTitle } from "./vocabulary.js";

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
  const finest = roundedAway(step / UNITS[unit], 2);
  const digits = (us / UNITS[unit]).toFixed(decimalsFor(step, unit));
  // What is not too small to see is not written as less than that either.
  if (Math.abs(us) >= step) return signed(Math.abs(Number(digits)) >= Number(finest) ? digits : `${us < 0 ? "-" : ""}${finest}`);
  const below = signed(finest);
  return us < 0 ? `> ${MINUS}${below}` : `< ${below}`;
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

/** A count with its noun: `1 warning`, `2 warnings`. */
export const counted = (count, noun) => `${integer(count)} ${noun}${count === 1 ? "" : "s"}`;

/** How an estimate reads: its text as the report has it, and why it has no value. */
export function estimateText({ value, text, reason }) {
  return { text: text || UNSTATED, reason: isNumber(value) ? null : reason?.text ?? "no reason was given" };
}

/** What stands where nothing can be stated. */
export const UNSTATED = "n/a";

/** The text of an estimate, or why there is none. */
export function textOrReason(estimate) {
  const { text, reason } = estimateText(estimate);
  return text === UNSTATED ? reason : text;
}

/** Whether it is a number at all: absent and null fields are not. */
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** An estimate in one line: `0.091 [0.088, 0.093] ms`. `unit` is that of its text, `ms` or `µs`. */
export function estimateLine(estimate, unit = "ms") {
  const { text, reason } = estimateText(estimate);
  return text === UNSTATED ? `not stated: ${reason}` : `${text} ${unit}`;
}

/** A share of calls in [0, 1] as percent with two digits: `0.23 %`, `1.4 %`, `62 %`. */
export function percentText(share) {
  const percent = share * 100;
  if (percent > 0 && percent < 0.005) return "< 0.01 %";
  return `${percent.toFixed(percent === 0 || percent >= 9.95 ? 0 : percent >= 0.995 ? 1 : 2)} %`;
}

/** A share with its limits, as the report has it. */
export const shareText = (share) => share?.text || UNSTATED;

/** How latency grows with the payload: `each KB: 1.48 [1.04, 1.99] µs; at no payload: 227 [197, 266] µs`. */
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
export function noiseFloorText(floor) {
  const { n, resolution_us: resolution } = floor;
  const ms = (us) => `${milliseconds(us, resolution)} ms`;
  const stated = isNumber(resolution) ? `resolution of a reading ${Number((resolution / 1000).toPrecision(2))} ms; ` : "";
  const readings = COMPARED.map((field) => `${figureTitle(field)} ${ms(floor[field])}`);
  return `${readings.join(", ")}; ${stated}n = ${integer(n)}`;
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
