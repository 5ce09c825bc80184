// The answer in ten seconds: yes, no or open, its number, and one picture that carries it; what it rests on is folded.
import { element, fill } from "../element.js";
import { counted, instant, isNumber, listed, percentText } from "../format.js";
import { isLocal, isMerged } from "../report.js";
import { BASELINE, COMPARED, OUTCOMES, figureTitle, transportTitle } from "../vocabulary.js";
import { allVerdicts, badge, failedCalls } from "./thresholds.js";

/** `picture` is the node of the plot that carries the answer. */
export function showVerdict(node, report, picture) {
  node.removeAttribute("aria-busy");
  const judged = report.summary.transports.filter((one) => one.judged !== false);
  const others = report.summary.transports.filter((one) => one.judged === false);
  fill(node,
    answer(report),
    element("ul", { class: "answers" }, judged.map(transportAnswer)),
    picture,
    element("p", { class: "muted" }, question(report)),
    provenance(report),
    report.verdicts.length > 0 && allVerdicts(report.verdicts),
    others.length > 0 && notJudged(others),
    failedCalls(report.failed_calls ?? []));
}

/** The page before there is a report. */
export function showNoReport(node, message) {
  node.removeAttribute("aria-busy");
  fill(node, element("p", { class: "answer" }, "Nobody has measured it here yet."), element("p", {}, message),
    element("p", {}, "Start a run ", element("a", { href: "#start" }, "below"), ", or wait for the next scheduled one. This page then answers by itself."));
}

/** The page when the report cannot be read. */
export function showReportError(node, error, retry) {
  node.removeAttribute("aria-busy");
  fill(node, element("div", { class: "notice error", role: "alert" }, element("p", {}, element("strong", {}, "The report cannot be read. "), error.message),
    element("p", {}, element("button", { type: "button", onclick: retry }, "Try again"))));
}

/** The report's own sentence; reports of before it was written have the outcome alone. */
function answer(report) {
  const { outcome, text } = report.summary;
  return element("p", { class: `answer is-${outcome}`, id: "answer" }, element("strong", {}, `${text || OUTCOMES[outcome].answer}.`));
}

function question(report) {
  const limits = COMPARED.map((field) => [figureTitle(field), report.plan.thresholds[field.replace(/_us$/, "_ms")]]);
  const asked = limits.filter(([, ms]) => isNumber(ms)).map(([title, ms]) => `${title} < ${ms} ms`);
  const what = report.plan.transports.includes(BASELINE) ? "delegating adds, to the latency of direct execution," : "the latency of a delegated call has";
  const failures = report.plan.thresholds.max_error_share;
  const allowed = failures ? `, and of the calls fewer than ${percentText(failures)} fail,` : ",";
  return `Acceptable: ${what} ${listed(asked)}${allowed} in every cell.`;
}

/** A transport's answer in a line: outcome, reason, and what delegating costs in the cell that is the closest to a threshold. */
function transportAnswer({ transport, outcome, reason, figures = "" }) {
  return element("li", { "data-transport": transport, class: `is-${outcome}` },
    badge(outcome, OUTCOMES[outcome].answer),
    element("strong", {}, ` ${transportTitle(transport)}: `), element("span", { class: "reason" }, reason), ". ",
    figures && element("span", { class: "figures" }, `The ${figures}.`));
}

/** Transports whose latencies are no part of the answer. Their calls that fail are: the table of failed calls has them. */
function notJudged(transports) {
  return element("details", { id: "not-judged" },
    element("summary", {}, `Measured, and no part of the answer (${transports.length}): ${listed(transports.map(({ transport }) => transportTitle(transport)))}`),
    element("ul", { class: "answers" }, transports.map(transportAnswer)));
}

function provenance(report) {
  const { run, environment, warnings } = report;
  const place = isLocal(report) ? "a local workerd: no network between the isolates, one machine's noise" : `Cloudflare, location ${run.location}${run.colo ? `, datacenter ${run.colo}` : ""}`;
  const cut = run.state === "completed" ? "" : ` The run was ${run.state}: the figures rest on what was measured.`;
  return element("p", { class: "muted" },
    "Measured ", element("time", { datetime: run.finished_at ?? run.started_at }, instant(run.finished_at ?? run.started_at)), ` on ${place}. `,
    `Clock step ${environment.tick_ms ?? "unknown"} ms, ${environment.timers.join(" and ") || "no"} timer.${cut} `,
    warnings.length > 0 && [element("a", { href: "#findings" }, counted(warnings.length, "warning")), " · "],
    isMerged(report)
      ? element("a", { href: "/results" }, "JSON")
      : [element("a", { href: `/results/${run.id}.md` }, "Markdown"), " · ", element("a", { href: `/results/${run.id}` }, "JSON")]);
}
