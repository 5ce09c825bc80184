// States of the page that a real run shows only by chance, with made-up answers of the API.
import assert from "node:assert/strict";
import { DARK, DESKTOP, PHONE, downloaded, fitsWindow, seriousViolations } from "./browser.mjs";
import { check } from "./checks.mjs";
import { problem, sampleStatus } from "./imitation.mjs";
import { REFUSALS, longHistory, manyRuns, noHistory, text, withPage } from "./pages.mjs";
import { sampleReport } from "./sample_report.mjs";

const ALL = ["direct", "service-binding", "raw-fetch", "rpc", "msgpack", "capnweb-batch", "capnweb-websocket", "websocket"];
export async function testStates(browser) {
  await check("without a report the page says so and how to get one", () =>
    withPage(browser, {}, DESKTOP, REFUSALS, async (page) => {
      await page.getByText("Nobody has measured it here yet.").waitFor();
      assert.match(await text(page, "#verdict-content"), /POST \/runs starts one/);
      assert.match(await text(page, "#runs-content"), /No runs yet/);
      assert.equal(await page.locator("#report").isVisible(), false);
      assert.deepEqual(await seriousViolations(page), []);
    }));

  await check("a clock that stands still shows bounds and reasons, never a point and never 0", () =>
    withPage(browser, { report: sampleReport({ ticked: true }), history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-percentiles svg .bounds").first().waitFor();
      const values = await page.locator("#latency-table .value").allInnerTexts();
      assert.equal(values.length, 36);
      for (const value of values) assert.match(value, /^[1-9]\d* to [1-9]\d*$|^< [1-9]/, value);
      assert.match(await text(page, ".notes"), /a clock that stands still/);
      assert.match(await text(page, "#latency-table caption"), /bounds, not points/);
      assert.match(await page.locator("#plot-percentiles .caption").textContent(), /whole ticks/);
      assert.equal(await page.locator("#plot-breakdown svg").count(), 0);
      assert.equal(await page.locator("#plot-overhead svg .whisker").count(), 8, "the bounds of each overhead");
      assert.equal(await page.locator("#plot-overhead svg .marker:not(.legend .marker)").count(), 0);
      assert.deepEqual(await seriousViolations(page), []);
    }));

  for (const [name, options] of Object.entries({ light: DESKTOP, dark: DARK, phone: PHONE })) {
    await check(`all transports, warnings and a history with a change stay accessible and in their width: ${name}`, () =>
      withPage(browser, { report: sampleReport({ plan: { transports: ALL }, warnings: [{ kind: "drift", cell: "rpc.echo.100", text: "The last third is 20 % slower than the first." }] }), runs: manyRuns(), history: longHistory }, options, [], async (page) => {
        await page.locator("#plot-history svg .change").waitFor({ state: "attached" });
        assert.equal(await page.locator("#plot-history svg .change").count(), 1);
        assert.match(await page.locator("#plot-history svg").textContent(), /\+24\.4 %/);
        assert.match(await page.locator("#plot-history .caption").textContent(), /n = 400 a run; resolution 0\.001 ms/);
        assert.equal(await page.locator("#plot-history svg .deploy").count(), 1);
        assert.equal(await page.locator("#plot-history svg .marker").count(), 40);
        assert.match(await text(page, "#findings"), /The last third is 20 % slower/);
        await fitsWindow(page);
        assert.deepEqual(await seriousViolations(page), []);
      }));
  }

  await check("markup in a report is shown as text", () => {
    const report = sampleReport();
    const hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    report.summary.transports[0].reason = hostile;
    report.analysis[0].text = hostile;
    report.run.location = hostile;
    return withPage(browser, { report, history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-percentiles svg").waitFor();
      assert.ok((await text(page, "#findings")).includes(hostile));
      assert.equal(await page.locator("main img, main script").count(), 0);
    });
  });

  await check("a report of a run that measured nothing is shown as that", () => {
    const report = { ...sampleReport(), cells: [], overheads: [], breakdown: [], slopes: [], verdicts: [], analysis: [], summary: { outcome: "inconclusive", text: "Open: no transport that delegates was measured", transports: [] } };
    Object.assign(report.run, { state: "cancelled", started_at: null, finished_at: null });
    return withPage(browser, { report, history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-percentiles .empty").waitFor();
      assert.match(await text(page, "#answer"), /^Open: no transport that delegates was measured\.$/);
      assert.match(await text(page, "#verdict-content"), /The run was cancelled/);
      assert.equal(await page.locator("#plots .empty").count(), 5);
      assert.match(await text(page, "#plot-answer .empty"), /No transport that is judged was measured/);
      assert.deepEqual(await seriousViolations(page), []);
    });
  });

  await check("a histogram that cannot be decoded is reported and the rest of the page stands", () => {
    const report = sampleReport();
    for (const cell of report.cells) cell.histogram = "AAAA";
    return withPage(browser, { report, history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-percentiles .empty").waitFor();
      assert.match(await text(page, "#plot-percentiles"), /cannot be decoded/);
      assert.equal(await page.locator("#latency-table .value").count(), 36);
      await page.locator("#plot-overhead svg .marker").first().waitFor();
    });
  });

  await check("a server in trouble is named, and trying again recovers", () => {
    let broken = true;
    const more = (method, path) => (broken && path.startsWith("/results") ? problem(503, "the coordinator is being deployed") : undefined);
    return withPage(browser, { report: sampleReport(), history: noHistory, more }, DESKTOP, REFUSALS, async (page) => {
      await page.getByText("the coordinator is being deployed").waitFor();
      broken = false;
      await page.getByRole("button", { name: "Try again" }).click();
      await page.locator("#answer").waitFor();
    });
  });

  await check("a refused plan shows each complaint at its field; a refused token is asked for again", () => {
    const sent = [];
    const more = (method, path, body, headers) => {
      if (method !== "POST") return undefined;
      sent.push({ token: headers.authorization, plan: JSON.parse(body) });
      if (headers.authorization !== "Bearer right") return problem(401, "the token is wrong");
      return problem(400, "the plan has 1 bad field(s)", [{ field: "samples_per_cell", detail: "is 0; must be a whole number from 1 to 10000" }]);
    };
    return withPage(browser, { report: sampleReport(), history: noHistory, more }, DESKTOP, REFUSALS, async (page) => {
      const submit = page.getByRole("button", { name: "Start the run" });
      await submit.click();
      assert.match(await text(page, "#start .form-message"), /need the API token/);
      assert.equal(sent.length, 0);
      await page.getByLabel("API token").fill("wrong");
      await submit.click();
      await page.getByText("the token is wrong").waitFor();
      await page.getByLabel("API token").fill("right");
      await page.getByLabel("after a number of samples").check();
      await page.getByLabel("Samples per cell").fill("0");
      await submit.click();
      await page.getByText("samples_per_cell is 0").waitFor();
      assert.match(await text(page, "[data-field=samples_per_cell]"), /must be a whole number/);
      assert.equal(await page.getByLabel("API token").isVisible(), false);
      assert.deepEqual(sent.map(({ token }) => token), ["Bearer wrong", "Bearer right"]);
      assert.deepEqual(sent[1].plan.transports, ["direct", "service-binding", "raw-fetch"]);
      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
      assert.ok(!kept.includes("right"), "the token was stored");
    });
  });

  await check("older runs are listed on request, and an older report can be looked at and linked to", () => {
    const older = sampleStatus({ id: "20261101T000000Z-00000001" });
    const more = (method, path) => {
      if (path === "/runs") return [200, { runs: manyRuns(), next_before: manyRuns().at(-1).id }];
      if (path.startsWith("/runs?before=")) return [200, { runs: [older] }];
      if (path === `/results/${older.id}`) return [200, sampleReport({ id: older.id, plan: { functions: ["echo"] } })];
      return undefined;
    };
    return withPage(browser, { report: sampleReport(), history: noHistory, more }, DESKTOP, [], async (page) => {
      await page.getByRole("button", { name: "Older runs" }).click();
      await page.locator(`[data-run="${older.id}"] a`).click();
      await page.locator(`[data-run="${older.id}"][aria-current=true]`).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("run"), older.id);
      assert.match(await text(page, "#findings"), new RegExp(older.id));
      await page.goBack();
      await page.locator("[data-run='20261122T172800Z-4f9a1c07'][aria-current=true]").waitFor();
    });
  });

  await check("where several locations measure, each can be looked at alone", () => {
    const of = (...locations) => ({ ...sampleReport(), run: { ...sampleReport().run, location: locations.join("+"), locations } });
    const more = (method, path) => (path === "/results?location=weur" ? [200, of("weur")] : undefined);
    return withPage(browser, { report: of("wnam", "weur"), history: noHistory, locations: ["wnam", "weur"], more }, DESKTOP, [], async (page) => {
      await page.locator("#answer").waitFor();
      assert.equal(await page.getByRole("link", { name: "Markdown" }).count(), 0, "a merged report has no address of its own");
      await page.getByLabel("Location").selectOption("weur");
      await page.locator("#findings dd", { hasText: /^weur$/ }).waitFor();
      assert.equal(new URL(page.url()).search, "?location=weur");
      await page.goBack();
      await page.locator("#findings dd", { hasText: /^wnam\+weur$/ }).waitFor();
    });
  });

  await check("a report of one location is not taken for merged, whatever the location is called or the report leaves out", async () => {
    for (const run of [{ location: "on+off", locations: ["on+off"] }, { location: "a+b", locations: undefined }]) {
      const report = sampleReport();
      Object.assign(report.run, run);
      await withPage(browser, { report, history: noHistory }, DESKTOP, [], async (page) => {
        await page.locator("#answer").waitFor();
        assert.equal(await page.getByRole("link", { name: "Markdown" }).count(), 1);
      });
    }
  });

  await check("progress is followed by events, and by polling when they break", () => {
    let done = 10;
    const more = (method, path) => {
      if (path === "/runs") return [200, { runs: [sampleStatus({ id: "20261123T000000Z-00000001", state: "running", done })] }];
      if (path === "/runs/20261123T000000Z-00000001") {
        done = Math.min(100, done + 45);
        return [200, sampleStatus({ id: "20261123T000000Z-00000001", state: done < 100 ? "running" : "completed", done })];
      }
      return undefined;
    };
    return withPage(browser, { report: sampleReport(), history: noHistory, more }, DESKTOP, REFUSALS, async (page) => {
      await page.locator("#progress").waitFor();
      await page.locator("#progress").getByText(/55 %/).waitFor();
      await page.locator("#progress").waitFor({ state: "hidden" });
      assert.match(await text(page, "[data-run='20261123T000000Z-00000001']"), /completed/);
    });
  });

  await check("the keyboard reaches the answer first and changes the function by arrow", () =>
    withPage(browser, { report: sampleReport(), history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-percentiles svg").waitFor();
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the answer");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), "main");
      await page.locator("input[name=function]:checked").focus();
      await page.keyboard.press("ArrowRight");
      await page.locator("#latency-table [data-cell='direct.transform.100']").waitFor();
      assert.match(await page.locator("#plot-percentiles .caption").textContent(), /^transform/);
    }));

  await check("a history downloads as CSV with its change point", () =>
    withPage(browser, { report: sampleReport(), history: longHistory }, DESKTOP, [], async (page) => {
      const { name, text: csv } = await downloaded(page, page.getByRole("button", { name: "Download History as CSV" }));
      assert.equal(name, "history-service-binding.echo.100-p50.csv");
      const rows = csv.trim().split("\r\n");
      assert.equal(rows.length, 41);
      assert.equal(rows.filter((row) => row.endsWith(",true")).length, 1);
    }));
}
