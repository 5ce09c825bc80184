// Measures things beside each other: in each round every one of them once, in an order that is drawn anew, so that what the machine does
// meanwhile meets all alike. Figures are medians over the rounds, ratios the medians of the rounds' ratios.
import { readFileSync } from "node:fs";

// One slice by a Worker that answers the caller's `POST /measure`. Ticked: thousands of calls back to back, so the clock's step of 1 ms is below
// a microsecond a call.
export async function slice(url, request) {
  const body = JSON.stringify({ function: "echo", payload_bytes: 100, warmup: 20, timer: "ticked", seed: 1, ...request });
  const response = await fetch(`${url}/measure`, { method: "POST", headers: { "content-type": "application/json" }, body });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(`${url} refused ${body}: ${JSON.stringify(answer)}`);
  if (Object.values(answer.errors ?? {}).some(Boolean)) throw new Error(`${body}: ${JSON.stringify(answer.errors)}`);
  return answer;
}

// The mean of one call, in microseconds.
export async function meanUs(url, request) {
  return ((await slice(url, request)).elapsed_ms * 1000) / request.samples;
}

// `measured`: { name: async () => number }. Returns { name: [a figure for each round] }.
export async function interleave(rounds, measured) {
  const names = Object.keys(measured);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await measured[name](); // compiled and warm
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) figures[name].push(await measured[name]());
  }
  return figures;
}

export const median = (values) => quantile(values, 0.5);

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

// Half of the rounds lie between these.
export const middleHalf = (values) => [quantile(values, 0.25), quantile(values, 0.75)];

export const ratios = (values, to) => values.map((value, round) => value / to[round]);

function shuffled(names) {
  const order = [...names];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export function printTable(head, rows) {
  const table = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  console.log([line(table[0]), line(widths.map((width) => "-".repeat(width))), ...table.slice(1).map(line)].join("\n"));
}

// What else the machine was doing.
export function printMachine() {
  const model = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown processor";
  console.log(`\n${model}; load average ${readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).join(" ")}`);
}

// The options `--name VALUE` of a command line, numbers as numbers.
export function options(defaults) {
  const given = process.argv.slice(2);
  const known = { ...defaults };
  for (let i = 0; i < given.length; i += 2) {
    const name = given[i].replace(/^--/, "");
    if (!(name in known) || given[i + 1] === undefined) {
      console.error(`usage: ${process.argv[1]} ${Object.entries(defaults).map(([key, value]) => `[--${key} ${value}]`).join(" ")}`);
      process.exit(2);
    }
    known[name] = typeof defaults[name] === "number" ? Number(given[i + 1]) : given[i + 1];
  }
  return known;
}
