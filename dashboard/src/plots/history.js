// One figure of one cell over the runs, with deploys and change points.
import { scaleLinear, scaleUtc } from "d3-scale";
import { line } from "d3-shape";
import { counted, instant, isNumber, resolutionText, sampleCounts } from "../format.js";
import { subjectParts } from "../report.js";
import { subjectTitle } from "../vocabulary.js";
import { axes, axisMilliseconds, canvas, markerPath } from "./canvas.js";

/** `history` is the answer of `GET /history`, oldest point first. */
export function historyPlot(history) {
  const subject = subjectParts(history.cell);
  const points = history.points.map((point) => ({ ...point, estimate: { value: point.value_us, lower: point.lower_us, upper: point.upper_us, resolution: point.resolution_us, n: point.n } }));
  const drawn = points.filter(({ value_us: us }) => isNumber(us));
  const changes = history.change_points ?? [];
  const what = `${subjectTitle(subject)}: ${history.metric}`;
  return {
    empty: drawn.length === 0 && "No completed run has this figure yet.",
    name: `history-${history.cell}-${history.metric}`,
    draw: (width) => draw(subject, drawn, deploysOf(drawn), changes, what, width),
    reading: "Each point is a run: a dashed line is a new deployment, a solid red one a level that changed.",
    caption: `${what} of the latency, in ms, with 95 % intervals, over ${counted(drawn.length, "completed run")} at ${history.location} under the same conditions (${history.conditions.text}); `
      + `${sampleCounts(drawn.map(({ n }) => n))} a run; ${resolutionText(points.map(({ estimate }) => estimate))}. `
      + `Dashed rules: another version was deployed. Solid rules: the level changed (${counted(changes.length, "change point")}).`,
    numbers: {
      head: ["Run", "Finished", "Version", `${history.metric} (ms)`, "Met a fresh isolate", "Change"],
      rows: points.map((point) => [point.run, instant(point.finished_at), point.version ?? "—", isNumber(point.value_us) ? point.text : "—", point.residency?.cold_share.text ?? "—", changeText(changes.find(({ run }) => run === point.run))]),
    },
    csv: {
      head: ["run", "finished_at", "version", "cell", "metric", "value_us", "lower_us", "upper_us", "resolution_us", "cold_calls", "isolates", "change_point"],
      rows: points.map((point) => [point.run, point.finished_at, point.version, history.cell, history.metric, point.value_us, point.lower_us, point.upper_us, point.resolution_us, point.residency?.cold_calls, point.residency?.isolates, changes.some(({ run }) => run === point.run)]),
    },
  };
}

const changeText = (change) => change?.text ?? "";

const percent = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)} %`;

/** The first point of each version but the first. */
const deploysOf = (points) => points.filter((point, index) => index > 0 && (point.version ?? null) !== (points[index - 1].version ?? null));

function draw({ transport, scenario }, points, deploys, changes, what, width) {
  const label = `History of ${what}. From ${points[0].text} ms on ${instant(points[0].finished_at)} to ${points.at(-1).text} ms on ${instant(points.at(-1).finished_at)}.`;
  const frame = canvas({ width, innerHeight: 220, label });
  const times = points.map(({ finished_at: at }) => new Date(at));
  // One run alone gets an hour around it, so that there is an axis at all.
  const spread = times.at(-1) > times[0] ? 0 : 1_800_000;
  const x = scaleUtc([new Date(+times[0] - spread), new Date(+times.at(-1) + spread)], [8, frame.size.width - 8]);
  const most = Math.max(...points.flatMap((point) => [point.value_us, point.upper_us ?? 0])) / 1000;
  const y = scaleLinear([0, most * 1.15 || 1], [frame.size.height, 0]).nice(4);
  axes(frame, { x: { scale: x, label: "finished (UTC)", count: width > 520 ? 6 : 3 }, y: { scale: y, label: "ms", count: 4, format: axisMilliseconds } });

  const rule = (point, name, text) => {
    const at = x(new Date(point.finished_at));
    frame.inner.append("path").attr("class", name).attr("d", `M${at},0V${frame.size.height}`).append("title").text(text);
  };
  for (const point of deploys) rule(point, "deploy", `version ${point.version ?? "unknown"} from here on`);
  for (const change of changes) {
    rule(change, "change", `the level changed: ${changeText(change)}`);
    const at = x(new Date(change.finished_at));
    const left = at > frame.size.width / 2;
    frame.inner.append("text").attr("class", "band-text").attr("x", at + (left ? -6 : 6)).attr("y", 12).attr("text-anchor", left ? "end" : "start").text(percent(change.change_percent));
  }
  const group = frame.inner.append("g").attr("class", `of-${scenario ?? transport}`);
  group.append("path").attr("class", "curve thin").attr("d", line((point) => x(new Date(point.finished_at)), (point) => y(point.value_us / 1000))(points));
  for (const point of points) {
    const at = x(new Date(point.finished_at));
    if (isNumber(point.lower_us) && isNumber(point.upper_us)) {
      group.append("path").attr("class", "whisker").attr("d", `M${at},${y(Math.max(0, point.lower_us / 1000))}V${y(point.upper_us / 1000)}`);
    }
    group.append("path").attr("class", "marker").attr("d", markerPath(transport, points.length > 80 ? 16 : 36)).attr("transform", `translate(${at},${y(point.value_us / 1000)})`)
      .append("title").text(`${instant(point.finished_at)}: ${point.text} ms`);
  }
  return frame.svg.node();
}
