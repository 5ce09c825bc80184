// Two runs, and two transports of them, beside each other.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, downloaded, fitsWindow, seriousViolations } from "./browser.mjs";
import { check } from "./checks.mjs";
import { problem, sampleStatus } from "./imitation.mjs";
import { REFUSALS, noHistory, text, withPage } from "./pages.mjs";
import { sampleReport } from "./sample_report.mjs";

const OLDER = "20261121T172800Z-4f9a1c07";
const SHOWN = "20261122T172800Z-4f9a1c07";
const RUNS = [sampleStatus({ id: "20261123T000000Z-00000009", state: "failed", reason: "no progress" }), sampleStatus({ id: SHOWN }), sampleStatus({ id: OLDER })];

const estimate = (us) => ({ value: us, lower: us - 5, upper: us + 5, resolution: 1, n: 400, text: `${(us / 1000).toFixed(3)} [${((us - 5) / 1000).toFixed(3)}, ${((us + 5) / 1000).toFixed(3)}]` });

/** What the server answers of two sides: each figure of two cells, the second 20 us slower. */
function compared(query) {
  const [one, other] = [query.get("first_transport") ?? "service-binding", query.get("second_transport") ?? "service-binding"];
  const rows = ["echo.100", "echo.1000"].flatMap((cell, index) => ["p50", "p95", "p99"].map((metric) => ({
    first: `${one}.${cell}`, second: `${other}.${cell}`, metric, quantity: one === other ? "overhead" : "latency",
    first_us: estimate(90 + 50 * index), second_us: estimate(110 + 50 * index), difference_us: estimate(20), difference_percent: 22, finding: "slower", text: "+0.020 [0.013, 0.027], +22 %",
  })));
  return { first: { run: query.get("first") }, second: { run: query.get("second") }, text: "Slower in 6 of 6 figures, faster in none.", rows };
}

/** The server's answers, and what was asked. */
function server() {
  const asked = [];
  const more = (method, path) => {
    const url = new URL(path, "http://localhost");
    if (url.pathname !== "/comparison") return undefined;
    asked.push(Object.fromEntries(url.searchParams));
    return url.searchParams.get("second_transport") === "raw-fetch" ? problem(400, "the query has 1 bad field(s)", [{ field: "second", detail: "is gone" }]) : [200, compared(url.searchParams)];
  };
  return { asked, more };
}

export async function testComparison(browser) {
  for (const [name, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await check(`two runs lie beside each other, by the server's own texts, and any two can be chosen: ${name}`, () => {
      const { asked, more } = server();
      return withPage(browser, { report: sampleReport({ id: SHOWN }), runs: RUNS, history: noHistory, more }, options, [], async (page) => {
        await page.locator("#compare option").first().waitFor({ state: "attached" });
        assert.deepEqual([await page.getByLabel("First run").inputValue(), await page.getByLabel("Second run").inputValue()], [OLDER, SHOWN], "the run that is shown, against the one before it");
        await page.getByRole("button", { name: "Compare" }).click();
        await page.locator("#plot-comparison .compared-row").first().waitFor();
        assert.deepEqual(asked, [{ first: OLDER, second: SHOWN }]);
        assert.equal(await text(page, "#comparison-text"), "Slower in 6 of 6 figures, faster in none.");
        assert.equal(await page.locator("#plot-comparison .compared-row").count(), 2);
        const rows = await page.locator("#plot-comparison .compared-row").evaluateAll((all) => all.map((row) => [...row.querySelectorAll("circle")].map((mark) => Number(mark.getAttribute("cx")))));
        for (const [first, second] of rows) assert.ok(first < second, "the slower lies to the right");
        assert.match(await text(page, "#plot-comparison .reading"), /^Each pair of bars is one cell[^.]*\.$/);
        assert.match(await page.locator("#comparison-table").textContent(), /0\.090 \[0\.085, 0\.095\]0\.110 \[0\.105, 0\.115\]\+0\.020 \[0\.013, 0\.027\], \+22 %slower/);
        await fitsWindow(page);
        assert.deepEqual(await seriousViolations(page), []);
      });
    });
  }

  await check("two transports of one run lie beside each other, in each figure, and download as CSV", () => {
    const { asked, more } = server();
    return withPage(browser, { report: sampleReport({ id: SHOWN }), runs: RUNS, history: noHistory, more }, DESKTOP, [], async (page) => {
      await page.getByLabel("First run").selectOption(SHOWN);
      await page.getByLabel("First transport").selectOption("direct");
      await page.getByLabel("Second transport").selectOption("service-binding");
      await page.getByRole("button", { name: "Compare" }).click();
      await page.locator("#plot-comparison .compared-row").first().waitFor();
      assert.deepEqual(asked, [{ first: SHOWN, second: SHOWN, first_transport: "direct", second_transport: "service-binding" }]);
      assert.match(await page.locator("#plot-comparison .compared-row").first().textContent(), /Direct and Service Binding, echo, 100 B/);
      await page.getByLabel("Figure of the comparison").selectOption("p99");
      const { name, text: csv } = await downloaded(page, page.getByRole("button", { name: "Download Beside each other as CSV" }));
      assert.equal(name, "comparison-p99.csv");
      assert.equal(csv.trim().split("\r\n").length, 7);
    });
  });

  await check("what the server refuses to compare is said with its field, and what was shown stays", () => {
    const { more } = server();
    return withPage(browser, { report: sampleReport({ id: SHOWN }), runs: RUNS, history: noHistory, more }, DESKTOP, REFUSALS, async (page) => {
      await page.getByRole("button", { name: "Compare" }).click();
      await page.locator("#plot-comparison .compared-row").first().waitFor();
      await page.getByLabel("Second transport").selectOption("raw-fetch");
      await page.getByRole("button", { name: "Compare" }).click();
      await page.getByText("the query has 1 bad field(s) · second is gone").waitFor();
      assert.equal(await page.locator("#plot-comparison .compared-row").count(), 2);
    });
  });
}
