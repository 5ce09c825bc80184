const MB = 1_000_000;

// JavaScript's heap, and what is outside of it, wasm's memories and other buffers, in MB, after a collection of garbage.
export async function memory(inspector) {
  const chunks = [];
  inspector.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  // A snapshot collects garbage first, and has wasm's memories in it, which the usage of the heap has not.
  await inspector.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  const { usedSize, embedderHeapUsedSize = 0 } = await inspector.send("Runtime.getHeapUsage");
  const heap = (usedSize + embedderHeapUsedSize) / MB;
  const buffers = bufferBytes(JSON.parse(chunks.join(""))) / MB;
  return { heap, buffers, all: heap + buffers };
}

function bufferBytes({ snapshot, nodes, strings }) {
  const fields = snapshot.meta.node_fields;
  const [name, size] = [fields.indexOf("name"), fields.indexOf("self_size")];
  let bytes = 0;
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (strings[nodes[node + name]] === "system / JSArrayBufferData") bytes += nodes[node + size];
  }
  return bytes;
}
