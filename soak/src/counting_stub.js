// The caller with a ledger: each measured slice is logged to a listener outside before its answer leaves, so that whatever is stored was logged.
import { WorkerEntrypoint } from "cloudflare:workers";
import Original from "./original.js";

const LEDGER = "{ledger}";

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (new URL(request.url).pathname !== "/measure") return Original.fetch(request, this.env, this.ctx);
    const { url, method, headers } = request;
    const asked = await request.text();
    const answer = await Original.fetch(new Request(url, { method, headers, body: asked }), this.env, this.ctx);
    const text = await answer.text();
    if (answer.status === 200) await log(asked, text);
    return new Response(text, { status: answer.status, headers: answer.headers });
  }
}

async function log(request, response) {
  const logged = await fetch(LEDGER, { method: "POST", body: JSON.stringify({ request, response }) });
  await logged.arrayBuffer();
  // Without its entry in the ledger nothing may be stored.
  if (logged.status !== 204) throw new Error(`the ledger answered with status ${logged.status}`);
}
