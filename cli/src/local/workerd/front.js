// What stands between the local port and the Worker that is asked there: it fires the schedule where production's platform would, by
// `GET /cdn-cgi/handler/scheduled?cron=...`, and logs each request. It is in no call that is measured.
export default {
  async fetch(request, { WORKER }) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/cdn-cgi/handler/scheduled") return scheduled(WORKER, searchParams.get("cron") ?? "");
    const started = Date.now();
    const response = await answer(WORKER, await whole(request));
    console.log(`[http] ${request.method} ${pathname} ${response.status} (${Date.now() - started} ms)`);
    return response;
  },
};

async function scheduled(worker, cron) {
  const { outcome } = await worker.scheduled({ cron, scheduledTime: new Date() });
  return new Response(outcome, { status: outcome === "ok" ? 200 : 500 });
}

// Read before it is passed on: where the Worker answered without reading a body that was still being passed on, workerd would close the client's
// connection, and the next request on it would meet the close.
async function whole(request) {
  if (!request.body) return request;
  const { method, url } = request;
  const bytes = await request.arrayBuffer();
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  // A body of these means nothing, and a Request cannot hold one.
  const body = ["GET", "HEAD"].includes(method) ? undefined : bytes;
  return new Request(url, { method, headers, body, redirect: "manual" });
}

// An exception that nobody caught is an answer of 500 in production, too; here it says what it was. workerd logs where it was thrown.
async function answer(worker, request) {
  try {
    return await worker.fetch(request);
  } catch (error) {
    return new Response(`Uncaught ${error}\n`, { status: 500 });
  }
}
