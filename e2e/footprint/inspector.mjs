const NUDGE_MS = 50;

// The debugger's protocol, as far as it is needed.
export async function inspect(served, name) {
  const socket = new WebSocket(`${served.inspector}/${name}`);
  await new Promise((opened, failed) => {
    socket.onopen = opened;
    socket.onerror = () => failed(new Error(`no debugger of ${name} at ${served.inspector}`));
  });
  const [waiting, listeners] = [new Map(), new Map()];
  socket.onmessage = ({ data }) => {
    const { id, result, error, method, params } = JSON.parse(data);
    if (id === undefined) return listeners.get(method)?.(params);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  };
  let sent = 0;
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      sent += 1;
      waiting.set(sent, { resolve, reject });
      socket.send(JSON.stringify({ id: sent, method, params }));
    });
  // workerd sends the answer to a long question with the one to the next.
  const nudge = setInterval(() => waiting.size && socket.send(JSON.stringify({ id: 0, method: "Runtime.getHeapUsage" })), NUDGE_MS);
  const close = () => {
    clearInterval(nudge);
    socket.close();
  };
  return { send, on: (method, listener) => listeners.set(method, listener), close };
}
