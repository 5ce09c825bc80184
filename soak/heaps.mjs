// One reading of the memory of each of our isolates, in bytes, a JSON object a line: {"isolate","heap","buffers"}.
// Usage: node soak/heaps.mjs ADDRESS...     ADDRESS: host:port of a listening socket; those that are no debugger's are skipped
import { inspect } from "../e2e/footprint/inspector.mjs";

// The Workers of this project by the names of their services.
const OURS = /^worker:/;
const LIST_MS = 5_000;
// An isolate that is at work may answer late, or never.
const [ATTEMPTS, READING_MS] = [10, 3_000];

for (const address of process.argv.slice(2)) {
  for (const id of await isolates(address)) {
    const found = await attempted(address, id);
    console.log(JSON.stringify({ isolate: id, ...found }));
  }
}
// A connection that is not closed by the other side would keep this alive.
process.exit(0);

async function read(address, id) {
  const inspector = await inspect({ inspector: `ws://${address}` }, id);
  await inspector.send("HeapProfiler.collectGarbage");
  // No snapshot, which also has wasm's memories: an isolate that is at work may never answer one.
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await inspector.send("Runtime.getHeapUsage");
  inspector.close();
  return { heap: usedSize + embedderHeapUsedSize, buffers: backingStorageSize };
}

// The names of our isolates, if that address is a debugger's.
async function isolates(address) {
  try {
    const answer = await fetch(`http://${address}/json`, { signal: AbortSignal.timeout(LIST_MS) });
    const list = await answer.json();
    return Array.isArray(list) ? list.map(({ id }) => id).filter((id) => OURS.test(id)) : [];
  } catch {
    return []; // a Worker's own port
  }
}

async function attempted(address, id) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const late = new Promise((resolve) => setTimeout(resolve, READING_MS));
    const found = await Promise.race([read(address, id), late]);
    if (found) return found;
  }
  throw new Error(`isolate ${id} has not answered its debugger in ${ATTEMPTS} attempts of ${READING_MS} ms`);
}
