// A page on made-up answers of the API.
import assert from "node:assert/strict";
import { open, unfold } from "./browser.mjs";
import { imitate, problem, sampleStatus } from "./imitation.mjs";

/** Chromium writes each refused request to the console by itself. */
export const REFUSALS = [/Failed to load resource: the server responded with a status of (4|5)\d\d/];

/** Answers with `report`, `runs` and `history`; `more(method, path, body, headers)` comes first. */
function answers({ report, runs = [], history, more = () => undefined }) {
  return (method, path, body, headers) => {
    const special = more(method, path, body, headers);
    if (special) return special;
    if (path.startsWith("/results")) return report ? [200, report] : problem(404, "there is no completed run yet; POST /runs starts one");
    if (path.startsWith("/history")) return history ? [200, history(new URL(path, "http://localhost").searchParams)] : undefined;
    if (path === "/runs" || path.startsWith("/runs?")) return [200, { runs }];
    return undefined;
  };
}

/** Opens the page on the answers of `api`, unfolded unless `api.folded`; `body(page, server)` tests it, and nothing else may go wrong. */
export async function withPage(browser, api, options, allowed, body) {
  const server = await imitate(answers(api), api.locations);
  const opened = await open(browser, server.url, options, allowed);
  try {
    if (!api.folded) await unfold(opened.page);
    await body(opened.page, server);
    assert.deepEqual(opened.errors, []);
    assert.deepEqual(opened.outside, []);
  } finally {
    await opened.close();
    await server.close();
  }
}

export const text = (page, selector) => page.locator(selector).innerText();

/** A cell without a history. */
export const noHistory = (query) => ({ location: "default", conditions: { payload_shape: "text", batch_size: 1, concurrency: 1, timers: ["interpolated"], text: "payload text, batch size 1, concurrency 1, timer interpolated" }, cell: query.get("cell"), metric: query.get("metric"), points: [], change_points: [] });

/** Forty runs with one change. */
export function longHistory(query) {
  const points = Array.from({ length: 40 }, (_, index) => {
    const level = (index < 25 ? 90 : 112) + 8 * Math.sin(index * 1.7);
    return { run: `run-${index}`, finished_at: new Date(Date.UTC(2026, 10, 12, index * 6)).toISOString(), version: index < 18 ? "a1" : "b2", value_us: level, lower_us: level - 5, upper_us: level + 5, resolution_us: 1, n: 400, text: `${(level / 1000).toFixed(3)} [${((level - 5) / 1000).toFixed(3)}, ${((level + 5) / 1000).toFixed(3)}]` };
  });
  const change = { run: "run-25", finished_at: points[25].finished_at, version: "b2", before_us: 90, after_us: 112, change_percent: 24.4, change_percent_lower: 21, change_percent_upper: 28, p_value: 1e-6, text: "0.090 to 0.112 ms, +24 % (95 % CI +21 % to +28 %)" };
  return { location: "default", cell: query.get("cell"), metric: query.get("metric"), conditions: { payload_shape: "text", batch_size: 1, concurrency: 1, timers: ["interpolated"], text: "payload text, batch size 1, concurrency 1, timer interpolated" }, points, change_points: [change] };
}

/** Runs of every kind. */
export function manyRuns() {
  return [
    sampleStatus(),
    sampleStatus({ id: "20261121T172800Z-4f9a1c07", state: "failed", reason: "no progress for 15 minutes" }),
    sampleStatus({ id: "20261120T172800Z-4f9a1c07", state: "cancelled", done: 31, reason: "cancelled by request" }),
  ];
}
