// The answer comes first: its sentence, its number, one picture that carries it; everything else is folded.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, fitsWindow, seriousViolations, unfold } from "./browser.mjs";
import { check } from "./checks.mjs";
import { REFUSALS, longHistory, manyRuns, noHistory, text, withPage } from "./pages.mjs";
import { sampleReport } from "./sample_report.mjs";

const WAYS = ["direct", "service-binding", "rpc", "raw-fetch"];
/** A report that judges two transports and measures a third. */
const report = (changes) => sampleReport({ plan: { transports: WAYS }, warnings: [{ kind: "drift", cell: "rpc.echo.100", text: "The last third is 20 % slower." }], ...changes });
const FIGURES = ["answer", "percentiles", "distribution", "overhead", "breakdown", "history"];

export async function testAnswer(browser) {
  for (const [name, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await check(`the first screen holds the answer, its number and the picture, and all else is folded: ${name}`, () =>
      withPage(browser, { report: report(), runs: manyRuns(), history: noHistory, folded: true }, options, [], async (page) => {
        await page.locator("#plot-answer svg .answer-row").first().waitFor();
        const seen = async (selector) => (await page.locator(selector).first().boundingBox()).y;
        const height = options.viewport.height;
        assert.ok((await seen("#answer")) < height / 4, "the answer is at the top");
        assert.ok((await seen(".answers .figures")) < height, "the number is on the first screen");
        assert.ok((await seen("#plot-answer svg")) < height, "the picture begins on the first screen");
        const open = await page.locator("details.fold").evaluateAll((all) => all.map((fold) => fold.open));
        assert.ok(open.length >= 4 && !open.includes(true), `${open}`);
        for (const hidden of ["#latency-table", "#plot-percentiles", "#compare", "#findings-content", "#start"]) assert.equal(await page.locator(hidden).isVisible(), false, hidden);
        await fitsWindow(page);
        const whole = await page.evaluate(() => document.documentElement.scrollHeight);
        assert.ok(whole < height * 2.5, `the folded page is ${whole} px high`);
      }));
  }

  await check("which isolates answered stands among the findings, by the report's own texts, and not at all where it was not counted", async () => {
    const share = { value: 0.0002, lower: 0, upper: 0.0006, n: 12_345, effective_n: 12_345, text: "0.02 % [0 %, 0.06 %]" };
    const met = { runtime: "native", reach: "binding", transports: ["service-binding"], calls: 12_345, silent: 0, isolates: 3, calls_per_isolate: 4115, calls_served: 12_345, most_served: 9000, oldest_ms: 100_000, cold_calls: 2, cold_share: share, cold_samples: 0, cold_us: { value: null, text: "n/a" }, warm_us: { value: 120, text: "0.12 [0.11, 0.13]" }, text: "2 of 12,345 calls met a fresh isolate" };
    const starts = { runtime: "native", scenario: "deployment", n: 20, versions: 20, first_at: "2026-11-22T17:00:00Z", last_at: "2026-11-22T17:20:00Z", p50_us: { value: 31_000, text: "31 [28, 35]" }, p95_us: { value: null, text: "n/a" }, min_ms: 24, max_ms: 90, tick_ms: 1, readings_ms: [], text: "" };
    await withPage(browser, { report: { ...report(), residency: [met], deployment_starts: [starts] }, history: noHistory }, DESKTOP, [], async (page) => {
      const found = await text(page, "#residency");
      for (const part of ["native by service binding", "12,345", "4,115", share.text, met.warm_us.text, met.text, "31 [28, 35]", "24 to 90"]) assert.ok(found.includes(part), `${part} is not in: ${found}`);
    });
    await withPage(browser, { report: report(), history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#answer").waitFor();
      assert.equal(await page.locator("#residency").count(), 0);
    });
  });

  await check("the answer is the report's own sentence, and that of an earlier report its outcome", async () => {
    for (const [outcome, said, shown] of [["pass", "Yes: Service Binding meets every limit", "Yes: Service Binding meets every limit."], ["fail", undefined, "No."], ["inconclusive", "", "Open."]]) {
      const one = report();
      Object.assign(one.summary, { outcome, text: said });
      await withPage(browser, { report: one, history: noHistory }, DESKTOP, [], async (page) => {
        await page.locator("#answer").waitFor();
        assert.equal(await text(page, "#answer"), shown);
        assert.equal(await page.locator(`#answer.is-${outcome}`).count(), 1);
      });
    }
  });

  await check("the picture shows each judged transport against each limit, by the report's own texts", () => {
    const shown = report();
    return withPage(browser, { report: shown, history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-answer svg .answer-row").first().waitFor();
      const rows = await page.locator("#plot-answer .answer-row").evaluateAll((all) => all.map((row) => {
        const limit = Number(/^M([\d.]+),/.exec(row.querySelector(".limit").getAttribute("d"))[1]);
        return { found: row.querySelector(".found").textContent, word: row.querySelector(".word").textContent, at: Number(row.querySelector("circle").getAttribute("cx")), limit, bars: row.querySelectorAll(".span").length };
      }));
      assert.equal(rows.length, 2 * 3, "two judged transports, three limits");
      for (const [index, transport] of ["service-binding", "rpc"].entries()) {
        for (const [line, metric] of ["p50", "p95", "p99"].entries()) {
          const row = rows[index * 3 + line];
          const own = shown.verdicts.filter(({ id, metric: of }) => id.startsWith(`${transport}.`) && of === metric);
          const verdict = own.find(({ estimate_us: estimate }) => `${estimate.text} ms` === row.found);
          assert.ok(verdict, `${transport} ${metric}: no verdict says ${row.found}`);
          assert.equal(row.bars, own.length);
          assert.equal(row.at < row.limit, verdict.estimate_us.value < verdict.threshold_ms * 1000, `${transport} ${metric} lies on the wrong side of its limit`);
          assert.match(row.word, new RegExp(`limit ${verdict.threshold_ms} ms$`));
        }
      }
      assert.deepEqual(await page.locator("#plot-answer svg .row-title").evaluateAll((all) => all.map((title) => title.textContent).filter((title) => title.includes(":"))), ["Service Binding: yes", "Workers RPC: yes"]);
    });
  });

  await check("a cell that is above its limit decides its row, and lies right of the red line", () => {
    const slow = report();
    const verdict = slow.verdicts.find(({ id, metric }) => id === "rpc.compute.1000" && metric === "p95");
    Object.assign(verdict, { outcome: "fail", estimate_us: { value: 9000, lower: 8000, upper: 9900, resolution: 1, n: 400, text: "9.000 [8.000, 9.900]" } });
    return withPage(browser, { report: slow, history: noHistory }, DESKTOP, [], async (page) => {
      const row = page.locator("#plot-answer .answer-row", { hasText: "9.000 [8.000, 9.900] ms" });
      await row.waitFor();
      assert.match(await row.textContent(), /compute, 1 KB.*✕ fail: limit 3 ms/);
      assert.ok(Number(await row.locator("circle").getAttribute("cx")) > Number(/^M([\d.]+),/.exec(await row.locator(".limit").getAttribute("d"))[1]));
    });
  });

  await check("what is not judged is folded, and no part of picture or answer", () =>
    withPage(browser, { report: report(), history: noHistory, folded: true }, DESKTOP, [], async (page) => {
      await page.locator("#answer").waitFor();
      assert.deepEqual(await page.locator("#verdict-content > .answers [data-transport]").evaluateAll((all) => all.map((line) => line.dataset.transport)), ["service-binding", "rpc"]);
      assert.equal(await page.locator("[data-transport='raw-fetch']").isVisible(), false);
      assert.doesNotMatch(await page.locator("#plot-answer").textContent(), /Raw Fetch/);
      await page.getByText("Measured, and no part of the answer (1): Raw Fetch").click();
      assert.equal(await page.locator("#not-judged [data-transport='raw-fetch']").isVisible(), true);
    }));

  await check("what is not settled is called open, everywhere", () =>
    withPage(browser, { report: report({ ticked: true }), history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-answer svg").waitFor();
      assert.ok((await page.locator(".badge.is-inconclusive").count()) > 10);
      for (const badge of await page.locator(".badge.is-inconclusive").allTextContents()) assert.equal(badge, "? Open");
      // Titles of marks and labels for readers of text as well.
      const everything = await page.evaluate(() => `${document.body.textContent} ${[...document.querySelectorAll("[aria-label], [title]")].map((node) => `${node.ariaLabel} ${node.title}`).join(" ")}`);
      assert.doesNotMatch(everything, /inconclusive|proven|\bfaults?\b|in a row/i);
    }));

  for (const [name, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await check(`under each plot one plain sentence says how to read it: ${name}`, () =>
      withPage(browser, { report: report(), history: longHistory }, options, [], async (page) => {
        await page.locator("#plot-history svg").waitFor();
        for (const figure of FIGURES) {
          const sentence = page.locator(`#plot-${figure} .reading`);
          assert.match(await sentence.innerText(), /^[A-Z][^.]{30,160}\.$/, figure);
          const [plot, below] = [await page.locator(`#plot-${figure} svg`).boundingBox(), await sentence.boundingBox()];
          assert.ok(below.y >= plot.y + plot.height - 1, `${figure}: the sentence is not below its plot`);
        }
        assert.deepEqual(await seriousViolations(page), []);
      }));
  }

  await check("links into the page unfold what they point at", () =>
    withPage(browser, { report: report(), runs: manyRuns(), history: noHistory, folded: true }, DESKTOP, [], async (page, server) => {
      await page.locator("#answer").waitFor();
      for (const [link, shown] of [["Latency", "#latency-table"], ["Compare", "#compare"], ["1 warning", "#findings-content"], ["Runs", "#start"]]) {
        assert.equal(await page.locator(shown).isVisible(), false, link);
        await page.getByRole("link", { name: link, exact: true }).click();
        await page.locator(shown).waitFor();
      }
      await page.goto(`${server.url}/#plots`);
      await page.reload();
      await page.locator("#plot-percentiles svg").waitFor();
    }));

  await check("without a report the form to start a run is unfolded", () =>
    withPage(browser, { folded: true }, DESKTOP, REFUSALS, async (page) => {
      await page.getByRole("button", { name: "Start the run" }).waitFor();
    }));

  await check("a plan without direct is answered by latencies", () => {
    const alone = sampleReport({ plan: { transports: ["service-binding"] } });
    return withPage(browser, { report: alone, history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#plot-answer svg").waitFor();
      await unfold(page);
      assert.match(await page.locator("#plot-answer svg").textContent(), /latency \(ms\)/);
      assert.match(await text(page, "#plot-overhead .reading"), /what a delegated call takes/);
    });
  });
}
