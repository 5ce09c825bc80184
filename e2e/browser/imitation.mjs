// Imitates the orchestrator's API with made-up answers, for states of the page that a real run shows only by chance: nothing
// measured yet, a clock that stands still, a server in trouble, a long history. Serves the built page under a strict policy.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const BUILD = fileURLToPath(new URL("../../dashboard/build/", import.meta.url));
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml", txt: "text/plain" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `answer(method, path, body, headers)` gives `[status, json]` for the API's paths but `/health`. Gives `{url, close}`. */
export async function imitate(answer, locations = ["default"]) {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const file = pathname === "/" ? "index.html" : /^\/[a-z]+\.(js|css|svg|txt)$/.test(pathname) ? pathname.slice(1) : null;
    if (file) {
      response.writeHead(200, { "content-type": TYPES[file.split(".").at(-1)], "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
      response.end(await readFile(BUILD + file));
      return;
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (pathname === "/health" && request.method === "GET") {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ status: "ok", locations }));
      return;
    }
    const [status, json] = answer(request.method, pathname + search, Buffer.concat(chunks).toString(), request.headers) ?? problem(404, "there is no such resource");
    response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
    response.end(JSON.stringify(json));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((done) => server.close(done).closeAllConnections()) };
}

/** A problem document with its status. */
export const problem = (status, detail, errors) => [status, { type: "about:blank", title: "", status, detail, ...(errors && { errors }) }];

/** A run's status. */
export function sampleStatus({ id = "20261122T172800Z-4f9a1c07", state = "completed", done = 100, reason, progress = {}, plan = {} } = {}) {
  return {
    id, state, trigger: "request", location: "default", created_at: "2026-11-22T17:28:00Z", started_at: "2026-11-22T17:28:01Z", finished_at: state === "running" ? null : "2026-11-22T17:29:44Z", reason,
    progress: { slices_done: done, slices_total: 100, blocks_done: Math.floor(done / 5), blocks_total: 20, current: "service-binding.echo.100", samples: done * 20, errors: 0, seconds_left: 100 - done, round: 1, ...progress },
    plan: { until: "samples", ...plan },
  };
}
