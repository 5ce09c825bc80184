// The page: reads a report and the runs, shows them, follows the active run, and starts and cancels runs.
import * as api from "./api.js";
import { element, fill, reveal } from "./element.js";
import { follow, isFinal } from "./follow.js";
import { ReportView } from "./report_view.js";
import { ComparisonPanel } from "./sections/comparison.js";
import { ProgressPanel } from "./sections/progress.js";
import { showRuns, showRunsError } from "./sections/runs.js";
import { TokenField, startForm } from "./sections/start.js";
import { showNoReport, showReportError } from "./sections/verdict.js";

/** How often the page looks for runs that others started, in ms. */
const LOOK_MS = 30_000;
/** The report over all locations; their runs are listed together in any case. */
const EVERYWHERE = "";

const node = (id) => document.getElementById(id);
const address = () => new URLSearchParams(window.location.search);

const state = { run: address().get("run"), location: address().get("location") ?? EVERYWHERE, runs: [], nextBefore: null, shown: null };
const view = new ReportView();
const token = new TokenField();
const progress = new ProgressPanel(node("progress"), cancelRun, (id) => api.report(id));
const comparison = new ComparisonPanel(node("comparison-content"), api.comparison);
const runList = element("div");
const followed = new Map();

fill(node("runs-content"), element("div", { class: "run-columns" }, runList, startForm(token, started)));
window.addEventListener("popstate", () => {
  Object.assign(state, { run: address().get("run"), location: address().get("location") ?? EVERYWHERE });
  const select = node("location").querySelector("select");
  if (select) select.value = state.location;
  showReport();
});
document.addEventListener("click", ({ target }) => {
  const link = target instanceof Element && target.closest("a[href^='#']");
  if (link) reveal(node(link.hash.slice(1)));
});
window.addEventListener("hashchange", revealLinked);
// What is folded would be missing on paper.
window.addEventListener("beforeprint", () => document.querySelectorAll("details.fold").forEach(reveal));
await Promise.all([showReport(), readRuns(), offerLocations()]);
revealLinked();
setInterval(() => document.visibilityState === "visible" && readRuns(), LOOK_MS);

/** What the address points at may be folded away. */
function revealLinked() {
  const linked = node(decodeURIComponent(window.location.hash.slice(1)));
  if (!linked) return;
  reveal(linked);
  linked.scrollIntoView();
}

async function showReport() {
  try {
    const report = await api.report(state.run, state.location);
    state.shown = report.run.id;
    node("report").hidden = false;
    comparison.offer(report, state.runs);
    await view.show(report);
  } catch (error) {
    node("report").hidden = true;
    state.shown = null;
    reveal(node("runs"));
    if (error.status === 404) showNoReport(node("verdict-content"), error.message);
    else showReportError(node("verdict-content"), error, showReport);
    // An error of the page itself belongs in the console too.
    if (!(error instanceof api.ApiError)) window.reportError(error);
  }
  listRuns();
}

/** A choice of location, where there are several. */
async function offerLocations() {
  const { locations = [] } = await api.health().catch(() => ({}));
  if (locations.length < 2) return;
  const choose = ({ target }) => {
    Object.assign(state, { location: target.value, run: null });
    window.history.pushState(null, "", target.value ? `?${new URLSearchParams({ location: target.value })}` : window.location.pathname);
    showReport();
  };
  const option = (value, text) => element("option", { value, selected: value === state.location }, text);
  fill(node("location"), element("label", {}, "Location ", element("select", { onchange: choose }, option(EVERYWHERE, "all"), locations.map((name) => option(name, name)))));
}

async function readRuns(before) {
  try {
    const answer = await api.runs(before);
    state.runs = before ? [...state.runs, ...answer.runs] : merged(answer.runs, state.runs);
    state.nextBefore = before || state.nextBefore === null ? (answer.next_before ?? null) : state.nextBefore;
    listRuns();
    for (const status of answer.runs) if (!isFinal(status)) followRun(status);
  } catch (error) {
    showRunsError(runList, error, () => readRuns(before));
  }
}

/** The newest page over what is already listed, so that older pages stay. */
function merged(newest, listed) {
  const fresh = new Set(newest.map(({ id }) => id));
  return [...newest, ...listed.filter(({ id }) => !fresh.has(id))].sort((a, b) => (a.id < b.id ? 1 : -1));
}

function listRuns() {
  comparison.offerRuns(state.runs);
  showRuns(runList, { runs: state.runs, nextBefore: state.nextBefore, chosen: state.shown }, { onChoose: chooseRun, onMore: readRuns });
}

function chooseRun(run) {
  state.run = run;
  window.history.pushState(null, "", `?run=${run}`);
  showReport();
  node("main").focus();
}

function started(status) {
  state.runs = merged([status], state.runs);
  listRuns();
  followRun(status);
  node("progress").scrollIntoView({ block: "center" });
}

function followRun(status) {
  if (followed.has(status.id)) return;
  progress.show(status);
  followed.set(status.id, follow(status.id, onStatus, (error) => progress.trouble(error)));
}

function onStatus(status) {
  state.runs = merged([status], state.runs);
  listRuns();
  if (!isFinal(status)) {
    progress.show(status);
    return;
  }
  followed.delete(status.id);
  progress.end(status);
  // Whoever looks at an older run on purpose keeps it.
  if (status.state === "completed" && !address().get("run")) showReport();
}

async function cancelRun(id) {
  try {
    token.take();
    const status = await api.cancel(id);
    if (status?.state) onStatus(status);
  } finally {
    token.refresh();
  }
}
