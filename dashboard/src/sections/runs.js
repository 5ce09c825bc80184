// The list of runs, newest first; each that has a report can be looked at.
import { element, fill } from "../element.js";
import { duration, instant, integer } from "../format.js";
import { isFinal } from "../follow.js";

/** `chosen` is the run whose report is shown; `onChoose(id)` when another is wanted; `onMore(before)` for older ones. */
export function showRuns(node, { runs, nextBefore, chosen }, { onChoose, onMore }) {
  if (runs.length === 0) {
    fill(node, element("p", { class: "empty" }, "No runs yet. Start one here; a default run takes a minute or two."));
    return;
  }
  fill(node,
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "List of runs" },
      element("table", { id: "run-list" },
        element("thead", {}, element("tr", {}, ["Created", "State", "Trigger", "Location", "Took", "Samples", "Failed calls"].map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, runs.map((status) => row(status, status.id === chosen, onChoose))))),
    nextBefore && element("p", {}, element("button", { type: "button", class: "quiet", onclick: () => onMore(nextBefore) }, "Older runs")));
}

/** The list when it cannot be read. */
export function showRunsError(node, error, retry) {
  fill(node, element("p", { class: "notice error" }, `The runs cannot be read. ${error.message} `, element("button", { type: "button", class: "quiet", onclick: retry }, "Try again")));
}

function row(status, chosen, onChoose) {
  const { id, state, reason, trigger, location, created_at: created, started_at: started, finished_at: finished, progress } = status;
  const choose = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onChoose(id);
  };
  const when = instant(created);
  return element("tr", { "aria-current": chosen && "true", "data-run": id },
    element("th", { scope: "row" }, isFinal(status) ? element("a", { href: `?run=${id}`, onclick: choose }, when) : when),
    element("td", {}, element("span", { class: `state is-${state}` }, state), reason && element("span", { class: "interval" }, reason)),
    element("td", {}, trigger),
    element("td", {}, location),
    element("td", { class: "number" }, started && finished ? duration((new Date(finished) - new Date(started)) / 1000) : "—"),
    element("td", { class: "number" }, integer(progress.samples)),
    element("td", { class: "number" }, integer(progress.errors)));
}
