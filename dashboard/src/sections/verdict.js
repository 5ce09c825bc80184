// The answer in ten seconds: yes, no or not settled, for each transport with its reason.
import { element, fill } from "../element.js";
import { estimateText, instant, integer, isNumber, listed, percentText, shareText } from "../format.js";
import { thresholdStrip } from "../plots/thresholds.js";
import { cellParts, delegating, isLocal, isMerged } from "../report.js";
import { BASELINE, COMPARED, OUTCOMES, figureTitle, payloadTitle, transportTitle } from "../vocabulary.js";

/** Width at which the strips are drawn, in px; they scale with their card. */
const STRIP_WIDTH = 340;

export function showVerdict(node, report) {
  node.removeAttribute("aria-busy");
  fill(node,
    answer(report),
    element("p", { class: "muted" }, question(report)),
    element("div", { class: "cards" }, report.summary.transports.map((summary) => card(report, summary))),
    provenance(report),
    report.verdicts.length > 0 && allVerdicts(report.verdicts),
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
  return element("p", { class: `answer is-${outcome}`, id: "answer" }, element("strong", {}, `${text || OUTCOMES[outcome].title}.`));
}

function question(report) {
  const limits = COMPARED.map((field) => [figureTitle(field), report.plan.thresholds[field.replace(/_us$/, "_ms")]]);
  const asked = limits.filter(([, ms]) => isNumber(ms)).map(([title, ms]) => `${title} < ${ms} ms`);
  const what = report.plan.transports.includes(BASELINE) ? "delegating adds, to the latency of direct execution," : "the latency of a delegated call has";
  const failures = report.plan.thresholds.max_error_share;
  const allowed = failures ? `, and of the calls fewer than ${percentText(failures)} fail,` : ",";
  return `Acceptable: ${what} ${listed(asked)}${allowed} in every cell.`;
}

function card(report, { transport, outcome, reason, judged = true, figures = "" }) {
  const verdicts = report.verdicts.filter(({ id }) => cellParts(id).transport === transport);
  const { title, sign } = OUTCOMES[outcome];
  return element("article", { class: `card is-${outcome}`, "data-transport": transport },
    element("h2", {}, element("span", { class: `badge is-${outcome}` }, element("span", { "aria-hidden": "true" }, sign), ` ${title}`), ` ${transportTitle(transport)}${judged ? "" : " (not judged)"}`),
    element("p", { class: "reason" }, reason),
    figures && element("p", { class: "caption figures" }, `The ${figures}.`),
    verdicts.length > 0 && thresholdStrip(verdicts, STRIP_WIDTH),
    verdicts.length > 0 && element("p", { class: "caption" }, `The ${verdicts[0].quantity} of each cell: a dot in its 95 % interval, or its bounds alone; hollow below the resolution. Shaded: over the threshold.`));
}

function provenance(report) {
  const { run, environment } = report;
  const place = isLocal(report) ? "a local workerd: no network between the isolates, one machine's noise" : `Cloudflare, location ${run.location}${run.colo ? `, datacenter ${run.colo}` : ""}`;
  const cut = run.state === "completed" ? "" : ` The run was ${run.state}: the figures rest on what was measured.`;
  return element("p", { class: "muted" },
    "Measured ", element("time", { datetime: run.finished_at ?? run.started_at }, instant(run.finished_at ?? run.started_at)), ` on ${place}. `,
    `Clock step ${environment.tick_ms ?? "unknown"} ms, ${environment.timers.join(" and ") || "no"} timer.${cut} `,
    isMerged(report)
      ? element("a", { href: "/results" }, "JSON")
      : [element("a", { href: `/results/${run.id}.md` }, "Markdown"), " · ", element("a", { href: `/results/${run.id}` }, "JSON")]);
}

function allVerdicts(verdicts) {
  const rows = verdicts.map(({ id, metric, quantity, threshold_ms: limit, estimate_us: estimate, outcome, share_above: share, allowed_share: allowed, samples_needed: needed }) => {
    const { transport, fn, payloadBytes } = cellParts(id);
    const { text, reason } = estimateText(estimate);
    return element("tr", {},
      element("th", { scope: "row" }, `${transportTitle(transport)}, ${fn}, ${payloadTitle(payloadBytes)}`),
      element("td", {}, `${metric} ${quantity}`),
      element("td", { class: "number" }, `< ${limit}`),
      element("td", { class: "number" }, text),
      element("td", { class: "number" }, shareText(share), share && element("span", { class: "interval" }, `of < ${percentText(allowed)}`)),
      element("td", {}, element("span", { class: `badge is-${outcome}` }, element("span", { "aria-hidden": "true" }, OUTCOMES[outcome].sign), ` ${OUTCOMES[outcome].title}`)),
      element("td", {}, [reason, needed && `about ${integer(needed)} samples would settle it`].filter(Boolean).join("; ")));
  });
  return element("details", {}, element("summary", {}, `Every threshold against every cell (${verdicts.length})`),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Every threshold against every cell" },
      element("table", {},
        element("thead", {}, element("tr", {}, ["Cell", "Figure", "Limit (ms)", "Found (ms)", "Calls above", "Verdict", "Note"].map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, rows))));
}

/** Transports and cells whose calls failed, or may: nothing where all of them pass without a failure. */
function failedCalls(all) {
  const rows = all.filter(({ failed, outcome }) => failed > 0 || outcome !== "pass").map(({ transport, id, failed, share, allowed_share: allowed, outcome, calls_needed: needed }) =>
    element("tr", {},
      element("th", { scope: "row" }, id ?? transportTitle(transport)),
      element("td", { class: "number" }, `${integer(failed)} of ${integer(share?.n ?? 0)}`),
      element("td", { class: "number" }, shareText(share)),
      element("td", { class: "number" }, `< ${percentText(allowed)}`),
      element("td", {}, element("span", { class: `badge is-${outcome}` }, element("span", { "aria-hidden": "true" }, OUTCOMES[outcome].sign), ` ${OUTCOMES[outcome].title}`)),
      element("td", {}, needed && `about ${integer(needed)} calls would settle it`)));
  if (rows.length === 0) return null;
  return element("details", { id: "failed-calls", open: all.some(({ outcome }) => outcome === "fail") }, element("summary", {}, `Failed calls (${rows.length})`),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Failed calls" },
      element("table", {},
        element("thead", {}, element("tr", {}, ["Of", "Failed", "Share", "Limit", "Verdict", "Note"].map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, rows))));
}
