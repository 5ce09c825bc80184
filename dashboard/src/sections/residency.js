// Which isolates of the runtimes answered, and what calls took that met a fresh one; first calls after deployments. Texts are the report's own.
import { element } from "../element.js";
import { UNSTATED, instant, integer, isNumber, shareText } from "../format.js";

/** The ways to a runtime (protocol/src/report/residency.rs). */
const REACHES = { binding: "service binding", "public-url": "public URL" };

/** Nothing of reports from before it was counted. */
export function residency({ residency: found = [], deployment_starts: starts = [] }) {
  if (found.length === 0 && starts.length === 0) return null;
  return element("div", { id: "residency" },
    element("h3", {}, "Residency"),
    found.length > 0 && [
      table("Which isolates answered", ["Runtime", "Calls", "Isolates", "Calls an isolate", "Met a fresh one", "Cold calls (ms)", "Median call (ms)"], found.map(isolates)),
      element("ul", { class: "sentences" }, found.map(({ runtime, reach, text }) => element("li", {}, element("span", { class: "topic" }, `${runtime} by ${REACHES[reach] ?? reach}`), ` ${text}`))),
    ],
    starts.length > 0 && table("First call after a deployment (ms)", ["Runtime", "Starts", "Median", "p95", "Range", "Last"], starts.map(deployments)));
}

function isolates({ runtime, reach, calls, isolates: met, calls_per_isolate: each, cold_share: share, cold_us: cold, warm_us: warm }) {
  const numbers = [integer(calls), integer(met), isNumber(each) ? integer(each) : UNSTATED, shareText(share), cold.text, warm.text];
  return [`${runtime} by ${REACHES[reach] ?? reach}`, numbers];
}

function deployments({ runtime, n, p50_us: median, p95_us: p95, min_ms: least, max_ms: most, last_at: last }) {
  return [runtime, [integer(n), median.text, p95.text, `${least} to ${most}`, instant(last)]];
}

function table(title, head, rows) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    element("table", {},
      element("caption", {}, title),
      element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, rows.map(([name, numbers]) => element("tr", {}, element("th", { scope: "row" }, name), numbers.map((text) => element("td", { class: "number" }, text)))))));
}
