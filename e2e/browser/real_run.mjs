// The page against real local Workers: nothing here is made up.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import hdr from "hdr-histogram-js";
import { DARK, DESKTOP, PHONE, downloaded, open, seriousViolations } from "./browser.mjs";
import { check } from "./checks.mjs";
import { serveWorkers } from "./workers.mjs";

const SCREENSHOTS = fileURLToPath(new URL("screenshots/", import.meta.url));
const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
/** Budget of everything that the first look at the page loads, gzipped. */
const FIRST_LOAD_BYTES = 150_000;
/** Largest picture in the README. */
const IMAGE_BYTES = 200_000;
const FIGURES = { p50: 0.5, p95: 0.95, p99: 0.99 };
const PLOTS = ["percentiles", "distribution", "overhead", "breakdown"];
const REFUSALS = [/Failed to load resource: the server responded with a status of 4\d\d/];

/** Starts Workers (or takes those at BASE_URL) and looks at them through the page. */
export async function testRealRun(browser, { updateScreenshots }) {
  let workers;
  await check("the local Workers start", async () => {
    workers = await serveWorkers();
  });
  if (!workers) return;
  try {
    await startAndFinish(browser, workers);
    const answer = await fetch(`${workers.url}/results`);
    const report = answer.ok ? await answer.json() : null;
    await check("there is a report to look at", () => assert.ok(report, `GET /results answered ${answer.status}`));
    if (report) await lookAt(browser, workers, report, updateScreenshots);
    await cancelOne(browser, workers);
  } finally {
    await workers.stop();
  }
}

async function startAndFinish(browser, { url, token }) {
  await check("a fresh page starts a run with a token typed once, follows it and shows its report", async () => {
    // Without a report the server answers 404, which Chromium writes to the console by itself.
    const { page, faults, outside, close } = await open(browser, url, DESKTOP, REFUSALS);
    try {
      await page.getByRole("button", { name: "Start the run" }).waitFor();
      await page.getByLabel("API token").fill(token);
      await page.getByLabel("compute", { exact: true }).uncheck();
      await page.getByRole("button", { name: "Start the run" }).click();
      await page.locator("#progress").waitFor();
      assert.equal(await page.getByLabel("API token").isVisible(), false);
      const shares = await watchProgress(page);
      assert.ok(shares.length >= 3 && shares.every((share, index) => index === 0 || share >= shares[index - 1]), `progress went ${shares}`);
      await page.locator("#answer.is-pass, #answer.is-fail, #answer.is-inconclusive").waitFor();
      await page.locator("#run-list tr[aria-current=true]").getByText("completed").waitFor();
      assert.deepEqual([faults, outside], [[], []]);
    } finally {
      await close();
    }
  });
}

/** The shares that the progress bar passes through until it is gone. */
async function watchProgress(page) {
  const shares = [];
  const deadline = Date.now() + 180_000;
  while (await page.locator("#progress").isVisible()) {
    const share = await page.locator("#progress progress").evaluate((bar) => (bar.hasAttribute("value") ? bar.value : 0)).catch(() => shares.at(-1) ?? 0);
    if (share !== shares.at(-1)) shares.push(share);
    assert.ok(Date.now() < deadline, `the run did not end; its progress was ${shares.at(-1)}`);
    await page.waitForTimeout(100);
  }
  return shares;
}

async function lookAt(browser, { url }, report, updateScreenshots) {
  const { page, faults, outside, responses, close } = await open(browser, url);
  try {
    await page.locator("#plot-percentiles svg").waitFor();
    await page.locator("#plot-history svg, #plot-history .empty").first().waitFor();

    await check("the verdict of each transport is the report's, with its reason", async () => {
      for (const { transport, outcome, reason } of report.summary.transports) {
        const card = page.locator(`.card[data-transport="${transport}"]`);
        assert.match(await card.getAttribute("class"), new RegExp(`\\bis-${outcome}\\b`));
        assert.equal(await card.locator(".reason").innerText(), reason);
      }
      assert.equal(await page.locator("#verdict details tbody tr").count(), report.verdicts.length);
    });

    await check("every figure of the table is the report's, in each function", () => tableMatches(page, report));
    await check("the table reads as the Markdown report does", async () => markdownMatches(page, report, await (await fetch(`${url}/results/${report.run.id}.md`)).text()));
    await check("four plots show the report's own figures, with unit, n and resolution", () => plotsMatch(page, report));
    await check("the percentile plot's file holds the samples of the report's histograms", () => samplesMatch(page, report));
    await check("each plot downloads as an SVG that stands alone", () => drawingsStandAlone(page));
    await check("faults and analysis are those of the report", async () => {
      const findings = await page.locator("#findings").innerText();
      for (const { sentence } of report.analysis) assert.ok(findings.includes(sentence), sentence);
      for (const { message } of report.faults) assert.ok(findings.includes(message), message);
    });
    await check("the files of a cell can be downloaded from the table", () => cellFiles(page, url));
    await check("the server forbids inline code, frames and foreign hosts", async () => {
      const policy = responses[0].headers()["content-security-policy"] ?? "";
      assert.match(policy, /default-src '(none|self)'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    });
    await check("the first load weighs under 150 KB gzip", () => weigh(responses, url));
    await check("no console error, no policy violation, no request off the origin", () => assert.deepEqual([faults, outside], [[], []]));
  } finally {
    await close();
  }
  await looks(browser, url, updateScreenshots);
}

/** Compares by number and not by text: the page's rounding is checked, not repeated. */
async function tableMatches(page, report) {
  let compared = 0;
  for (const fn of report.plan.functions) {
    await page.locator(`input[name=function][value="${fn}"]`).check({ force: true });
    for (const cell of report.cells.filter((one) => one.function === fn)) {
      for (const metric of Object.keys(FIGURES)) {
        const shown = await page.locator(`#latency-table [data-cell="${cell.id}"] [data-figure="${metric}_us"]`).innerText();
        compareFigure(shown, cell[`${metric}_us`], `${cell.id} ${metric}`);
        compared += 1;
      }
    }
  }
  assert.equal(compared, report.cells.length * 3);
}

function compareFigure(shown, { value, lower, upper, resolution }, what) {
  const [first, interval] = shown.split("\n");
  if (value === null) {
    assert.doesNotMatch(first, /^[\d.]+$/, `${what}: ${shown}`);
    return;
  }
  if (Math.abs(value) < (resolution ?? 1)) {
    assert.match(first, /^< /, `${what}: ${shown} for ${value} us`);
    return;
  }
  closeTo(first, value, what);
  const ends = interval?.split(" to ") ?? [];
  if (ends.length === 2) [lower, upper].forEach((end, index) => ends[index].startsWith("<") || closeTo(ends[index], end, `${what} interval`));
  else assert.ok(lower === undefined, `${what} has an interval that is not shown: ${shown}`);
}

/** Whether a text in ms is a value in us, to half of its last digit. */
function closeTo(text, us, what) {
  const number = text.trim().replaceAll(",", "").replace("−", "-");
  assert.match(number, /^-?\d+(\.\d+)?$/, `${what}: ${text}`);
  const digits = number.split(".")[1]?.length ?? 0;
  const off = Math.abs(Number(number) - us / 1000);
  assert.ok(off <= 0.5001 * 10 ** -digits, `${what}: the page shows ${text} ms, the report has ${us} us`);
}

/** The Markdown is written by another program in another language from the same report. */
async function markdownMatches(page, report, markdown) {
  const rows = markdown.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split("|").slice(1, -1).map((part) => part.trim()));
  for (const fn of report.plan.functions) {
    await page.locator(`input[name=function][value="${fn}"]`).check({ force: true });
    const first = await page.locator("#latency-table tbody tr").evaluateAll((all) => {
      let method = "";
      return all.map((row) => {
        method = row.querySelector(".method")?.textContent ?? method;
        return [method, row.querySelector(".payload").textContent, ...[...row.querySelectorAll(".value")].map((value) => value.textContent)];
      });
    });
    const expected = first.map((row) => row.map((text) => text.replace(" to ", "-").replace(/^—$/, "n/a").replace(/^at most /, "< ").replace(/^at least /, "> ")));
    for (const row of expected) {
      assert.ok(rows.some((other) => other.slice(0, 5).join("|") === row.join("|")), `the Markdown has no row ${row.join(" | ")}`);
    }
  }
}

async function plotsMatch(page, report) {
  const fn = report.plan.functions[0];
  await page.locator(`input[name=function][value="${fn}"]`).check({ force: true });
  for (const name of PLOTS) {
    const figure = page.locator(`#plot-${name}`);
    await figure.locator("svg").first().waitFor();
    assert.match(await figure.locator(".caption").innerText(), /\bms\b.*n = [\d,]+.*resolution [\d.]+ ms/s);
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
async function samplesMatch(page, report) {
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

async function drawingsStandAlone(page) {
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

async function cellFiles(page, url) {
  const links = await page.locator("#latency-content a[download]").evaluateAll((all) => all.slice(0, 3).map((link) => link.getAttribute("href")));
  assert.equal(links.length, 3);
  for (const link of links) {
    const answer = await fetch(url + link);
    assert.equal(answer.status, 200, link);
    assert.ok((await answer.text()).length > 100, link);
  }
}

async function weigh(responses, url) {
  let packed = 0;
  for (const response of responses) {
    const body = await response.body();
    const size = gzipSync(body).length;
    packed += size;
    console.log(`        ${response.url().slice(url.length).padEnd(50)} ${String(body.length).padStart(7)} B, ${String(size).padStart(6)} B gzip`);
  }
  console.log(`        first load: ${packed} B gzip of ${FIRST_LOAD_BYTES}`);
  assert.ok(packed > 10_000 && packed < FIRST_LOAD_BYTES, `${packed} bytes`);
}

/** Accessibility in light, dark and on a phone, and pictures of each. */
async function looks(browser, url, updateScreenshots) {
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const [name, options] of Object.entries({ light: DESKTOP, dark: DARK, phone: PHONE })) {
    await check(`axe-core finds nothing serious, and the page fits its window: ${name}`, async () => {
      const { page, close } = await open(browser, url, options);
      try {
        await page.locator("#plot-percentiles svg").waitFor();
        await page.locator("#plot-history svg, #plot-history .empty").first().waitFor();
        const [scroll, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
        assert.ok(scroll <= inner, `the page is ${scroll} px wide in a window of ${inner} px`);
        await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
        if (updateScreenshots && name !== "phone") await picture(page, name);
        assert.deepEqual(await seriousViolations(page), []);
      } finally {
        await close();
      }
    });
  }
}

/** The picture of the README: from the verdict to the first two plots. */
async function picture(page, name) {
  const bottom = await page.locator("#plot-distribution").evaluate((node) => node.getBoundingClientRect().bottom + window.scrollY);
  const png = await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width: DESKTOP.viewport.width, height: Math.ceil(bottom) + 24 } });
  assert.ok(png.length < IMAGE_BYTES, `the picture has ${png.length} bytes`);
  await mkdir(IMAGES, { recursive: true });
  await writeFile(`${IMAGES}dashboard-${name}.png`, png);
}

async function cancelOne(browser, { url, token }) {
  await check("a page opened in mid-run picks the run up, refuses a second one, and cancels it", async () => {
    const answer = await fetch(`${url}/runs`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ samples_per_cell: 10_000 }) });
    assert.equal(answer.status, 202, await answer.clone().text());
    const { id } = await answer.json();
    // The second run is refused with 409, which Chromium writes to the console by itself.
    const { page, faults, outside, close } = await open(browser, url, DESKTOP, REFUSALS);
    try {
      await page.locator("#progress").getByText(/block \d+ of \d+/).waitFor();
      await page.getByRole("button", { name: "Cancel this run" }).click();
      await page.getByText("need the API token").waitFor();
      await page.getByLabel("API token").fill(token);
      await page.getByRole("button", { name: "Start the run" }).click();
      await page.locator("#start .form-message").getByText(id).waitFor();
      await page.getByRole("button", { name: "Cancel this run" }).click();
      await page.locator("#progress").waitFor({ state: "hidden" });
      await page.locator(`#run-list [data-run="${id}"]`).getByText("cancelled", { exact: true }).waitFor();
      assert.equal((await (await fetch(`${url}/runs/${id}`)).json()).state, "cancelled");
      assert.deepEqual([faults, outside], [[], []]);
    } finally {
      await close();
    }
  });

  await check("the form offers exactly the transports and functions that the server knows", async () => {
    const answer = await fetch(`${url}/runs`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ transports: ["nonsense"], functions: ["nonsense"] }) });
    const { errors } = await answer.json();
    const known = (field) => errors.find((one) => one.field.startsWith(field)).detail.split("expected one of: ")[1].split(", ");
    const { page, close } = await open(browser, url);
    try {
      const offered = (name) => page.locator(`#start input[name=${name}]`).evaluateAll((all) => all.map((input) => input.value));
      await page.locator("#start").waitFor();
      assert.deepEqual(await offered("transports"), known("transports"));
      assert.deepEqual(await offered("functions"), known("functions"));
    } finally {
      await close();
    }
  });
}
