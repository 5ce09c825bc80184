// What the figures say (analysis), what to know before trusting them (warnings), and where and with what they were measured.
import { element, fill } from "../element.js";
import { residency } from "./residency.js";
import { duration, estimateLine, figureText, instant, integer, isNumber, noiseFloorText } from "../format.js";

export function showFindings(node, report) {
  fill(node,
    element("div", { class: "columns" },
      element("div", {},
        element("h3", {}, "Analysis"),
        report.analysis.length > 0
          ? element("ul", { class: "sentences" }, report.analysis.map(statement))
          : element("p", { class: "muted" }, "Too little was measured for a sentence."),
        element("h3", {}, "Warnings"),
        report.warnings.length > 0
          ? element("ul", { class: "sentences warnings" }, report.warnings.map(warning))
          : element("p", { class: "muted" }, "None found.")),
      element("div", {}, element("h3", {}, "Environment"), environment(report))),
    residency(report));
}

function statement({ topic, text, figures }) {
  return element("li", {}, element("span", { class: "topic" }, topic.replaceAll("-", " ")), ` ${text} `,
    figures.length > 0 && element("details", { class: "inline" }, element("summary", {}, "rests on"),
      element("ul", {}, figures.map((figure) => element("li", {}, element("code", {}, figure.path), ` ${figureText(figure)}`)))));
}

function warning({ kind, cell, text }) {
  return element("li", {}, element("span", { class: "topic" }, kind.replaceAll("-", " ")), cell && [" ", element("code", {}, cell)], ` ${text}`);
}

/** What ended the measuring, or was to end it. */
function extent(plan) {
  const first = `${integer(plan.samples_per_cell)} samples per cell`;
  if (plan.until !== "settled") return first;
  return `until settled, at most ${duration(plan.max_seconds)} and ${integer(plan.max_calls)} calls; first round of ${first}`;
}

function environment({ environment: at, run, plan }) {
  const noise = at.noise_floor;
  const facts = [
    ["Run", `${run.id}, started by ${run.trigger}`],
    ["Started", instant(run.started_at)],
    ["Took", run.started_at && run.finished_at ? duration((new Date(run.finished_at) - new Date(run.started_at)) / 1000) : "—"],
    ["Location", `${run.location}${run.colo ? `, datacenter ${run.colo}` : ""}`],
    ["Clock", `step ${at.tick_ms ?? "unknown"} ms; ${at.clock_advances_during_cpu === null ? "unknown whether it runs during computation" : at.clock_advances_during_cpu ? "runs during computation" : "stands still during computation"}`],
    ["Timer", at.timers.join(", ") || "none"],
    ["Polls in a tick", isNumber(at.polls_per_tick) ? `${integer(at.polls_per_tick)}${isNumber(at.polls_per_tick_mad) ? ` (median absolute deviation ${integer(at.polls_per_tick_mad)})` : ""}` : "—"],
    ["Noise floor", noise ? noiseFloorText(noise) : "—"],
    ["Isolation cost", at.isolation_cost_us ? estimateLine(at.isolation_cost_us, "µs") : "—"],
    ["Versions", `package ${at.package_version}, deployed ${at.deployed_version_id ?? "nowhere (local)"}${at.workerd_version ? `, workerd ${at.workerd_version}` : ""}`],
    ["Compatibility date", at.compatibility_date],
    ["Limits", at.limits],
    ["Plan", `${extent(plan)}, payload of ${plan.payload_shape}, seed ${plan.seed}, concurrency ${plan.concurrency}, batch ${plan.batch_size}`],
  ];
  return element("dl", { class: "facts" }, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}
