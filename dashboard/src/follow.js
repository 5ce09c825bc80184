// Follows a run to its end: by server-sent events, and by polling where they are not to be had.
import { run as fetchRun } from "./api.js";

const FINAL = ["completed", "failed", "cancelled"];
const POLL_MS = 1000;
/** Event streams that break this often in a row are given up for polling. */
const MOST_FAILURES = 3;

/** Whether a run will change no more. */
export const isFinal = (status) => FINAL.includes(status.state);

/**
 * Calls `onStatus(status)` with each status of a run up to its final one, and `onTrouble(error)` while it cannot be read.
 * Returns a function that stops following.
 */
export function follow(id, onStatus, onTrouble) {
  let stopped = false;
  let timer = null;
  let source = null;
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  };
  const take = (status) => {
    if (stopped) return;
    if (isFinal(status)) stop();
    onStatus(status);
  };
  const poll = async () => {
    if (stopped) return;
    try {
      take(await fetchRun(id));
    } catch (error) {
      if (!stopped) onTrouble(error);
      if (error.status === 404) return;
    }
    if (!stopped) timer = setTimeout(poll, POLL_MS);
  };
  const listen = () => {
    let failures = 0;
    source = new EventSource(`/runs/${encodeURIComponent(id)}/events`);
    const onEvent = (event) => {
      const status = parsed(event.data);
      if (!status?.state) return;
      failures = 0;
      take(status);
    };
    for (const name of ["progress", "ended"]) source.addEventListener(name, onEvent);
    // The server ends each stream after a while; EventSource comes back by itself, with the id of the last event.
    source.onerror = () => {
      failures += 1;
      if (stopped || (source.readyState !== EventSource.CLOSED && failures < MOST_FAILURES)) return;
      source.close();
      poll();
    };
  };
  if (typeof EventSource === "function") listen();
  else poll();
  return stop;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
