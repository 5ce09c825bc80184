// The page against real local Workers: nothing here is made up.
import assert from "node:assert/strict";
import { looks, weigh } from "./appearance.mjs";
import { DESKTOP, open, unfold } from "./browser.mjs";
import { check } from "./checks.mjs";
import { drawingsStandAlone, markdownMatches, plotsMatch, samplesMatch, tableMatches } from "./figures.mjs";
import { serveWorkers } from "./workers.mjs";

const REFUSALS = [/Failed to load resource: the server responded with a status of 4\d\d/];

/** Starts Workers (or takes those at BASE_URL) and looks at them through the page. */
export async function testRealRun(browser, { updateScreenshots }) {
  let workers;
  await check("the local Workers start", async () => {
    workers = await serveWorkers();
  });
  if (!workers) return;
  try {
    await startAndFinish(browser, workers, updateScreenshots);
    const answer = await fetch(`${workers.url}/results`);
    const report = answer.ok ? await answer.json() : null;
    await check("there is a report to look at", () => assert.ok(report, `GET /results answered ${answer.status}`));
    if (report) await lookAt(browser, workers, report, updateScreenshots);
    await cancelOne(browser, workers);
  } finally {
    await workers.stop();
  }
}

/** The README's pictures show the whole default plan; for the checks two functions are enough. */
async function startAndFinish(browser, { url, token }, wholePlan) {
  await check("a fresh page starts a run with a token typed once, follows it and shows its report", async () => {
    // Without a report the server answers 404, which Chromium writes to the console by itself.
    const { page, errors, outside, responses, close } = await open(browser, url, DESKTOP, REFUSALS);
    try {
      await page.getByRole("button", { name: "Start the run" }).waitFor();
      await page.getByLabel("API token").fill(token);
      if (!wholePlan) await page.getByLabel("compute", { exact: true }).uncheck();
      await page.getByRole("button", { name: "Start the run" }).click();
      await page.locator("#progress").waitFor();
      assert.equal(await page.getByLabel("API token").isVisible(), false);
      const { seen, table } = await watchProgress(page);
      const falls = seen.filter(({ round, share }, index) => index > 0 && round === seen[index - 1].round && share < seen[index - 1].share);
      assert.ok(seen.length >= 3 && falls.length === 0, `progress went ${JSON.stringify(seen)}`);
      assert.match(table, /Service Binding.*\d/s, "the table as it stood was never shown");
      const asked = responses.map((response) => new URL(response.url()).pathname);
      assert.ok(asked.some((path) => /^\/runs\/[^/]+\/events$/.test(path)), "progress did not come as events");
      assert.ok(!asked.some((path) => /^\/runs\/[^/]+$/.test(path)), "the page polled although there are events");
      await page.locator("#answer.is-pass, #answer.is-fail, #answer.is-inconclusive").waitFor();
      await page.locator("#run-list tr[aria-current=true]").getByText("completed").waitFor();
      assert.deepEqual([errors, outside], [[], []]);
    } finally {
      await close();
    }
  });
}

/** What progress bar and table pass through until the run is over: rounds with their shares, and the last table that was seen. */
async function watchProgress(page) {
  const seen = [];
  let table = "";
  const deadline = Date.now() + 260_000;
  while (await page.locator("#progress").isVisible()) {
    const now = await page.evaluate(() => {
      const bar = document.querySelector("#progress progress");
      return { round: bar?.dataset.round, share: bar?.hasAttribute("value") ? bar.value : 0, table: document.querySelector("#live-table")?.textContent };
    });
    table = now.table ?? table;
    if (now.share !== seen.at(-1)?.share || now.round !== seen.at(-1)?.round) seen.push({ round: now.round, share: now.share });
    assert.ok(Date.now() < deadline, `the run did not end; its progress was ${JSON.stringify(seen.at(-1))}`);
    await page.waitForTimeout(100);
  }
  return { seen, table };
}

async function lookAt(browser, { url }, report, updateScreenshots) {
  const { page, errors, outside, responses, close } = await open(browser, url);
  try {
    await check("the page shows the report", async () => {
      await unfold(page);
      await page.locator("#plot-percentiles svg").waitFor();
      await page.locator("#plot-history svg, #plot-history .empty").first().waitFor();
    });
    await check("the verdict of each transport is the report's, with its reason", async () => {
      assert.equal(await page.locator("#answer").innerText(), `${report.summary.text}.`);
      for (const { transport, outcome, reason, judged } of report.summary.transports) {
        const line = page.locator(`${judged ? "#verdict-content > .answers" : "#not-judged"} [data-transport="${transport}"]`);
        assert.match(await line.getAttribute("class"), new RegExp(`\\bis-${outcome}\\b`));
        assert.equal(await line.locator(".reason").textContent(), reason);
      }
      assert.equal(await page.locator("#all-verdicts tbody tr").count(), report.verdicts.length);
    });

    await check("every figure of the table is the report's, in each function", () => tableMatches(page, report));
    await check("the table reads as the Markdown report does", async () => markdownMatches(page, report, await (await fetch(`${url}/results/${report.run.id}.md`)).text()));
    await check("four plots show the report's own figures, with unit, n and resolution", () => plotsMatch(page, report));
    await check("the percentile plot's file holds the samples of the report's histograms", () => samplesMatch(page, report));
    await check("each plot downloads as an SVG that stands alone", () => drawingsStandAlone(page));
    await check("two transports lie beside each other as the server compares them", () => transportsCompared(page, url, report));
    await check("warnings and analysis are those of the report", async () => {
      const findings = await page.locator("#findings").innerText();
      for (const { text } of report.analysis) assert.ok(findings.includes(text), text);
      for (const { text } of report.warnings) assert.ok(findings.includes(text), text);
    });
    await check("the files of a cell can be downloaded from the table", () => cellFiles(page, url));
    await check("the server forbids inline code, frames and foreign hosts", async () => {
      const policy = responses[0].headers()["content-security-policy"] ?? "";
      assert.match(policy, /default-src '(none|self)'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    });
    await check("the first load weighs under 150 KB gzip", () => weigh(responses, url));
    await check("no console error, no policy violation, no request off the origin", () => assert.deepEqual([errors, outside], [[], []]));
  } finally {
    await close();
  }
  await looks(browser, url, updateScreenshots);
}

/** The table says what `GET /comparison` says, to the character. */
async function transportsCompared(page, url, { run }) {
  await page.getByLabel("First run").selectOption(run.id);
  await page.getByLabel("First transport").selectOption("direct");
  await page.getByLabel("Second transport").selectOption("service-binding");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.locator("#plot-comparison .compared-row").first().waitFor();
  const answer = await fetch(`${url}/comparison?first=${run.id}&first_transport=direct&second_transport=service-binding`);
  const { rows, text } = await answer.json();
  assert.equal(await page.locator("#comparison-text").textContent(), text);
  const shown = await page.locator("#comparison-table tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.deepEqual(shown, rows.map((row) => [row.first, row.second, `${row.metric} ${row.quantity}`, row.first_us.text, row.second_us.text, row.text, row.finding]));
  assert.ok(rows.length >= 12 && rows.some(({ finding }) => finding === "slower"), `${rows.length} rows`);
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

async function cancelOne(browser, { url, token }) {
  await check("a page opened in mid-run picks the run up, refuses a second one, and cancels it", async () => {
    const answer = await fetch(`${url}/runs`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ until: "samples", samples_per_cell: 10_000 }) });
    assert.equal(answer.status, 202, await answer.clone().text());
    const { id } = await answer.json();
    // The second run is refused with 409, which Chromium writes to the console by itself.
    const { page, errors, outside, close } = await open(browser, url, DESKTOP, REFUSALS);
    try {
      await unfold(page);
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
      assert.deepEqual([errors, outside], [[], []]);
    } finally {
      await close();
    }
  });

  await check("the form offers exactly the transports and functions that the server describes", async () => {
    const { components } = await (await fetch(`${url}/openapi.json`)).json();
    // Of functions any name may be asked for: a runtime may know more. Those of every runtime come first.
    const names = (schema) => schema.enum ?? schema.oneOf?.map((one) => one.const) ?? names(schema.anyOf[0]);
    const known = { transports: names(components.schemas.Transport), functions: names(components.schemas.Function) };
    const { page, close } = await open(browser, url);
    try {
      const offered = (name) => page.locator(`#start input[name=${name}]`).evaluateAll((all) => all.map((input) => input.value));
      await unfold(page);
      await page.locator("#start").waitFor();
      assert.deepEqual(await offered("transports"), known.transports);
      assert.deepEqual(await offered("functions"), known.functions);
    } finally {
      await close();
    }
  });
}
