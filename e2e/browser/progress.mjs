// An active run on the page: how far it is, what is open, its table as it stands; and the form that starts one.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, fitsWindow, seriousViolations } from "./browser.mjs";
import { check } from "./checks.mjs";
import { problem, sampleStatus } from "./imitation.mjs";
import { REFUSALS, noHistory, text, withPage } from "./pages.mjs";
import { sampleReport } from "./sample_report.mjs";

const ID = "20261123T000000Z-00000001";
const OPEN = ["service-binding.echo.100", "service-binding.echo.1000", "rpc.compute.100", "rpc.compute.1000", "rpc.echo.100"];
const SETTLING = { round: 3, open: OPEN, seconds_to_limit: 61.2, seconds_left: 9 };

/** A run that goes on until `ended()`, and what is asked of it. */
function activeRun({ standing, ended = () => false }) {
  const status = () => sampleStatus({ id: ID, state: ended() ? "completed" : "running", done: 40, progress: SETTLING, plan: { until: "settled", max_seconds: 120 } });
  return (method, path) => {
    if (path === "/runs") return [200, { runs: [status()] }];
    if (path === `/runs/${ID}`) return [200, status()];
    if (path === `/results/${ID}`) return standing();
    return undefined;
  };
}

/** The report of the run as it stands. */
function standingReport() {
  const report = sampleReport({ id: ID, plan: { functions: ["echo", "compute"], samples_per_cell: 120 } });
  Object.assign(report.run, { state: "running", finished_at: null });
  return report;
}

export async function testProgress(browser) {
  for (const [name, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await check(`while a run goes on its table is shown as it stands, by the report's own texts: ${name}`, () => {
      const asked = [];
      let ended = false;
      const standing = standingReport();
      const more = activeRun({ standing: () => [200, asked.push(Date.now()) && standing], ended: () => ended });
      return withPage(browser, { report: sampleReport(), history: noHistory, more }, options, REFUSALS, async (page) => {
        await page.locator("#live-table").waitFor();
        const shown = async (fn) => {
          const cells = standing.cells.filter((cell) => cell.function === fn);
          await page.locator(`#live-table [data-cell="${cells[0].id}"]`).waitFor();
          for (const cell of cells) {
            for (const metric of ["p50", "p95", "p99"]) {
              assert.equal(await page.locator(`#live-table [data-cell="${cell.id}"] [data-figure="${metric}_us"] .value`).innerText(), cell[`${metric}_us`].text);
            }
          }
        };
        await shown("echo");
        await page.getByLabel("Function of the table so far").selectOption("compute");
        await shown("compute");
        assert.match(await text(page, "#live"), /no answer is drawn/);
        await fitsWindow(page);
        const cut = await page.locator("#live-table td").evaluateAll((all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent));
        assert.deepEqual(cut, [], "figures that lie over their neighbours");
        assert.deepEqual(await seriousViolations(page), []);
        standing.cells[0].p50_us.text = "7.777 [7.000, 8.000]";
        await page.getByLabel("Function of the table so far").selectOption("echo");
        await page.locator("#live-table").getByText("7.777 [7.000, 8.000]").waitFor();
        // The status is read each second, the report less often: assembling one takes the server time.
        assert.ok(asked.length >= 2);
        for (const [index, at] of asked.slice(1).entries()) assert.ok(at - asked[index] > 2400, `asked at ${asked}`);
        ended = true;
        await page.locator("#progress").waitFor({ state: "hidden" });
        assert.equal(await page.locator("#live-table").count(), 0);
      });
    });
  }

  await check("a run until it is settled says its round, its open cells and its time, not a share of the whole", () =>
    withPage(browser, { report: sampleReport(), history: noHistory, more: activeRun({ standing: () => problem(404, "nothing was measured yet") }) }, DESKTOP, REFUSALS, async (page) => {
      await page.locator("#progress").getByText(/round 3, 40 % of the rounds so far/).waitFor();
      const facts = await text(page, "#progress");
      assert.match(facts, /about 9 s left of this round/);
      assert.match(facts, /ends when settled, and begins no round after 1 min 1 s/);
      assert.match(facts, /Open: Service Binding, echo, 100 B; Service Binding, echo, 1 KB; Workers RPC, compute, 100 B; and 2 others\./);
      assert.equal(await text(page, "#live"), "", "there is no table yet");
    }));

  await check("a table that cannot be read says why and leaves the progress", () =>
    withPage(browser, { report: sampleReport(), history: noHistory, more: activeRun({ standing: () => problem(503, "a slice takes long; ask again") }) }, DESKTOP, REFUSALS, async (page) => {
      await page.locator("#progress").getByText("The figures so far cannot be read: a slice takes long; ask again").waitFor();
      assert.match(await text(page, "#progress"), /round 3/);
    }));

  await check("a run that is started ends when it is settled, within a time limit, or after a number of samples", () => {
    const sent = [];
    const more = (method, path, body) => {
      if (method !== "POST") return undefined;
      sent.push(JSON.parse(body));
      return problem(400, "the plan has 1 bad field(s)", [{ field: "max_seconds", detail: "must be from 1 to 3600" }]);
    };
    return withPage(browser, { report: sampleReport(), history: noHistory, more }, DESKTOP, REFUSALS, async (page) => {
      await page.getByLabel("API token").fill("right");
      const submit = page.getByRole("button", { name: "Start the run" });
      assert.equal(await page.getByLabel("Samples per cell").isVisible(), false);
      await page.getByLabel("Time limit (s)").fill("4000");
      await submit.click();
      await page.locator("[data-field=max_seconds]").getByText("must be from 1 to 3600").waitFor();
      await page.getByLabel("after a number of samples").check();
      assert.equal(await page.getByLabel("Time limit (s)").isVisible(), false);
      await page.getByLabel("Samples per cell").fill("1000");
      await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), submit.click()]);
      const ends = sent.map(({ until, max_seconds, samples_per_cell }) => ({ until, max_seconds, samples_per_cell }));
      assert.deepEqual(ends, [{ until: "settled", max_seconds: 4000, samples_per_cell: undefined }, { until: "samples", max_seconds: undefined, samples_per_cell: 1000 }]);
    });
  });
}
