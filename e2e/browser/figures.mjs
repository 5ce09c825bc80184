// Holds what the page shows, draws and lets download against the report that it was given.
import assert from "node:assert/strict";
import hdr from "hdr-histogram-js";
import { downloaded } from "./browser.mjs";

const FIGURES = ["p50", "p95", "p99"];
const PLOTS = ["percentiles", "distribution", "overhead", "breakdown"];

/** Every figure of the table is the report's own text, to the character. */
export async function tableMatches(page, report) {
  let compared = 0;
  for (const fn of report.plan.functions) {
    await page.locator(`input[name=function][value="${fn}"]`).check({ force: true });
    for (const cell of report.cells.filter((one) => one.function === fn)) {
      for (const metric of FIGURES) {
        const shown = await page.locator(`#latency-table [data-cell="${cell.id}"] [data-figure="${metric}_us"] .value`).innerText();
        assert.equal(shown, cell[`${metric}_us`].text, `${cell.id} ${metric}`);
        compared += 1;
      }
    }
  }
  assert.equal(compared, report.cells.length * 3);
}

/** The Markdown shows the same texts in the same rows. */
export async function markdownMatches(page, report, markdown) {
  const rows = markdown.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split("|").slice(1, -1).map((part) => part.trim()));
  for (const fn of report.plan.functions) {
    await page.locator(`input[name=function][value="${fn}"]`).check({ force: true });
    const shown = await page.locator("#latency-table tbody tr").evaluateAll((all) => {
      let method = "";
      return all.map((row) => {
        method = row.querySelector(".method")?.textContent ?? method;
        return [method, row.querySelector(".payload").textContent, ...[...row.querySelectorAll(".value")].map((value) => value.textContent)];
      });
    });
    for (const row of shown) {
      assert.ok(rows.some((other) => other.slice(0, 5).join("|") === row.join("|")), `the Markdown has no row ${row.join(" | ")}`);
    }
  }
}

export async function plotsMatch(page, report) {
  const fn = report.plan.functions[0];
  await page.locator(`input[name=function][value="${fn}"]`).check({ force: true });
  for (const name of PLOTS) {
    const figure = page.locator(`#plot-${name}`);
    await figure.locator("svg").first().waitFor();
    assert.match(await figure.locator(".caption").textContent(), /\bms\b.*n = [\d,]+.*resolution [\d.]+ ms/s);
    assert.match(await figure.locator("svg").getAttribute("aria-label"), /\d/);
  }
  assert.equal(await page.locator("#plot-percentiles .curve").count(), report.plan.transports.length);
  assert.equal(await page.locator("#plot-distribution .row-title").count(), report.plan.transports.length);
  const overheads = await csv(page, "Overhead against payload");
  for (const row of overheads) {
    const estimate = report.overheads.find(({ id }) => id === `${row.transport}.${fn}.${row.payload_bytes}`).p50_us;
    assert.deepEqual([row.value_us, row.lower_us, row.n], [estimate.value, estimate.lower, estimate.n].map((part) => String(part ?? "")));
  }
  assert.equal(overheads.length, report.overheads.filter(({ id }) => id.split(".")[1] === fn).length);
  const parts = await csv(page, "Where the time goes");
  for (const row of parts) {
    const breakdown = report.breakdown.find((one) => one.function === fn && String(one.payload_bytes) === row.payload_bytes);
    assert.equal(row.value_us, String(breakdown[`${row.part}_us`].value ?? ""));
  }
  assert.equal(parts.length, 6 * report.plan.payload_bytes.length);
}

/** Rows of a plot's CSV, by column. */
async function csv(page, title) {
  const { text } = await downloaded(page, page.getByRole("button", { name: `Download ${title} as CSV` }));
  const [head, ...rows] = text.trim().split("\r\n").map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(row.map((value, index) => [head[index], value])));
}

/** The reference reader of HdrHistograms sees in the report's histograms what the page's own reader drew. */
export async function samplesMatch(page, report) {
  const rows = await csv(page, "Latency by percentile");
  const cells = report.cells.filter((cell) => cell.function === rows[0].function && String(cell.payload_bytes) === rows[0].payload_bytes);
  for (const cell of cells) {
    const reference = hdr.decodeFromCompressedBase64(cell.histogram);
    assert.equal(reference.totalCount, cell.count);
    const curve = rows.filter(({ transport }) => transport === cell.transport).map((row) => ({ quantile: Number(row.quantile), us: Number(row.latency_us) }));
    for (const quantile of [0.01, 0.5, 0.95, 0.99, 0.9999]) {
      const expected = reference.getValueAtPercentile(quantile * 100) / 1000;
      const drawn = curve.findLast((point) => point.quantile < quantile - 1e-9).us;
      assert.ok(Math.abs(drawn - expected) <= 0.001 * expected + 0.001, `${cell.id} at ${quantile}: drawn ${drawn}, reference ${expected} us`);
    }
  }
  assert.equal(cells.length, report.plan.transports.length);
}

export async function drawingsStandAlone(page) {
  for (const title of ["Latency by percentile", "Distribution of samples", "Overhead against payload", "Where the time goes"]) {
    const { name, text } = await downloaded(page, page.getByRole("button", { name: `Download ${title} as SVG` }));
    assert.match(name, /\.svg$/);
    const found = await page.evaluate((source) => {
      const parsed = new DOMParser().parseFromString(source, "image/svg+xml");
      const marks = [...parsed.querySelectorAll("path, rect, text")];
      return { error: parsed.querySelector("parsererror")?.textContent, root: parsed.documentElement.tagName, marks: marks.length, bare: marks.filter((mark) => !mark.getAttribute("fill")).length, classes: parsed.querySelectorAll("[class]").length, description: parsed.querySelector("desc")?.textContent };
    }, text);
    assert.deepEqual([found.error, found.root, found.bare, found.classes], [undefined, "svg", 0, 0], title);
    assert.ok(found.marks > 10 && /resolution/.test(found.description), JSON.stringify(found));
  }
}
