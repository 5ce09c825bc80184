// Talks to the orchestrator's HTTP API (docs/api.md).

/** A request that was refused or failed: the server's problem document (RFC 9457), or the failure of the network in its form. */
export class ApiError extends Error {
  constructor({ status, title, detail, errors = [] }) {
    super(detail || title || `HTTP ${status}`);
    this.status = status;
    /** Each bad field of a request: `{field, detail}`. */
    this.errors = errors;
  }
}

// Kept in memory only, so that closing the page forgets it.
let token = null;

/** Remembers the token for requests that start or cancel, until the page is closed; null forgets it. */
export function useToken(text) {
  token = text;
}

/** Whether a token is known. */
export const hasToken = () => token !== null;

/** The report of a run, or of the latest completed one (at `location`, if one is named). */
export const report = (run, location) => get(run ? `/results/${encodeURIComponent(run)}` : `/results${query({ location })}`);

/** Two runs, or two transports of them, beside each other; `sides` are the query's fields. */
export const comparison = (sides) => get(`/comparison${query(sides)}`);

/** Liveness, versions, and the locations that measure. */
export const health = () => get("/health");

/** Runs, newest first; `before` is the last answer's `next_before`. */
export const runs = (before) => get(`/runs${query({ before })}`);

/** A run's state and progress. */
export const run = (id) => get(`/runs/${encodeURIComponent(id)}`);

/** A cell's figure over the runs. */
export const history = (cell, metric, location) => get(`/history${query({ cell, metric, location })}`);

/** Starts a run; answers its status. */
export const start = (plan) => send("POST", "/runs", plan);

/** Cancels a run; answers its status. */
export const cancel = (id) => send("DELETE", `/runs/${encodeURIComponent(id)}`);

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}

const get = (path) => request(path, { headers: { accept: "application/json" } });

function send(method, path, body) {
  const headers = { accept: "application/json", authorization: `Bearer ${token ?? ""}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  return request(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError({ status: 0, detail: "The server cannot be reached. Is it still running, and are you online?" });
  }
  const text = await response.text();
  const answer = parsed(text);
  if (response.ok && answer !== undefined) return answer;
  if (response.ok && text === "") return null;
  if (response.status === 401 || response.status === 403) token = null;
  throw new ApiError({ status: response.status, title: response.statusText, ...(answer ?? {}), ...(response.ok && { detail: "The server answered with something that is not JSON." }) });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
