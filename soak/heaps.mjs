// One reading of the memory of every isolate, in bytes, a JSON object a line: {"isolate","heap","buffers"}.
// Usage: node soak/heaps.mjs ADDRESS...     ADDRESS: host:port of a listening socket; those that are no debugger's are skipped
import { inspect } from "../e2e/footprint/inspector.mjs";
import { memory } from "../e2e/footprint/memory.mjs";

const PATIENCE_MS = 5_000;
const MB = 1_000_000;

for (const address of process.argv.slice(2)) {
  for (const id of await isolates(address)) {
    const inspector = await inspect({ inspector: `ws://${address}` }, id);
    const { heap, buffers } = await memory(inspector);
    inspector.close();
    console.log(JSON.stringify({ isolate: id, heap: Math.round(heap * MB), buffers: Math.round(buffers * MB) }));
  }
}

// What a debugger lists, by name. wrangler's own, which only passes on, has ids that are no part of an address.
async function isolates(address) {
  try {
    const answer = await fetch(`http://${address}/json`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const list = await answer.json();
    const ids = Array.isArray(list) ? list.filter(({ id, webSocketDebuggerUrl }) => webSocketDebuggerUrl?.endsWith(`/${id}`)) : [];
    return ids.map(({ id }) => id);
  } catch {
    return []; // a Worker's own port
  }
}
