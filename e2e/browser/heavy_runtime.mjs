// What only runs with a heavy runtime have: cold starts, and cells beside neighbours.
import assert from "node:assert/strict";
import { DARK, DESKTOP, PHONE, downloaded, fitsWindow, seriousViolations } from "./browser.mjs";
import { check } from "./checks.mjs";
import { noHistory, withPage } from "./pages.mjs";
import { sampleReport } from "./sample_report.mjs";

const WINDOWS = { light: DESKTOP, dark: DARK, phone: PHONE };

export async function testHeavyRuntime(browser) {
  for (const [name, options] of Object.entries(WINDOWS)) {
    await check(`cold starts have a table, two plots and their files, by the report's own texts: ${name}`, () =>
      withPage(browser, { report: { ...sampleReport(), cold_starts: [coldStarts()] }, history: noHistory }, options, [], async (page) => {
        const cold = coldStarts();
        await page.locator("#plot-cold-starts-pyodide-default svg .answer-row").first().waitFor();
        const section = await page.locator("#cold-starts").innerText();
        const texts = [cold.text, "floor, on this machine", cold.verdicts[0].text.replace(/^fail: /, ""), cold.kept_pair_first_us.text, ...cold.expected.flatMap((row) => [row.delegated_us.text, row.inlined_us.text])];
        for (const part of texts) assert.ok(section.includes(part), `${part} is not in: ${section}`);
        assert.equal(await page.locator("#cold-starts .sentences .badge.is-fail").count(), 1);
        assert.ok(!section.includes("fail: "), "the badge says it already");
        assert.ok(!section.includes("p50 of cold-stub"), "what is neither judged nor failed stands in the report only");

        const rows = await page.locator("#cold-starts tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
        const found = rows.slice(0, cold.scenarios.length).map(([, , n, discarded, p50, p95]) => [n, discarded, p50, p95]);
        assert.deepEqual(found, cold.scenarios.map((one) => [String(one.count), one.discarded["not-fresh"] ? "2 not-fresh" : "0", one.p50_us.text, one.p95_us.text]));

        const drawn = await page.locator("#plot-cold-starts-pyodide-default .answer-row").evaluateAll((all) => all.map((row) => ({ found: row.querySelector(".found").textContent, at: Number(row.querySelector("circle").getAttribute("cx")) })));
        assert.deepEqual(drawn.map(({ found: text }) => text), cold.scenarios.map(({ p50_us: p50 }) => `${p50.text} ms`));
        const limit = Number(/^M([\d.]+),/.exec(await page.locator("#plot-cold-starts-pyodide-default .limit").getAttribute("d"))[1]);
        const [warm, stub, monolith] = drawn.map(({ at }) => at);
        assert.ok(warm < stub && stub < limit && limit < monolith, `${[warm, stub, limit, monolith]}: the monolith is above the limit, the stub below`);
        assert.equal(await page.locator("#plot-cold-calls-pyodide-default .marker:not(.legend .marker)").count(), 5 * cold.scenarios.length);

        const file = await downloaded(page, page.locator("#plot-cold-starts-pyodide-default").getByRole("button", { name: /CSV/ }));
        const lines = file.text.trim().split(/\r?\n/);
        assert.equal(lines.length, 1 + 2 * cold.scenarios.length);
        assert.ok(lines.some((line) => line.startsWith(`pyodide,cold-monolith,new,80,p50,${cold.scenarios[2].p50_us.value},`)), file.text);
        await fits(page);
      }));

    await check(`cells beside neighbours have a row each, with what a queue makes one expect: ${name}`, () =>
      withPage(browser, { report: { ...sampleReport(), neighbours: neighbours() }, history: noHistory }, options, [], async (page) => {
        await page.locator("#neighbours-table").waitFor();
        const rows = await page.locator("#neighbours-table tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
        assert.deepEqual(rows, [
          ["service-binding.echo.100", "native 0 %", "0 %", "0.120 [0.110, 0.130]", "0.240 [0.220, 0.260]", "0.540 [0.520, 0.560]", "—", "—"],
          ["service-binding.echo.100", "native 50 %", "48 %", "5.000 [4.980, 5.020]", "45.000 [44.980, 45.020]", "n/a", "3.9 to 6.2 ✓", "40 to 44 ✕"],
        ]);
        assert.match(await page.locator("#neighbours").innerText(), /48 % by the stub's clock around 2200 calls of 50\.0 ms each/);
        await fits(page);
      }));
  }

  await check("without cold starts and without neighbours neither section is there", () =>
    withPage(browser, { report: sampleReport(), history: noHistory }, DESKTOP, [], async (page) => {
      await page.locator("#latency-table").waitFor();
      for (const section of ["#cold-starts", "#neighbours"]) assert.equal(await page.locator(section).isVisible(), false, section);
    }));
}

async function fits(page) {
  await fitsWindow(page);
  assert.deepEqual(await seriousViolations(page), []);
}

function figure(ms, half = 0.02) {
  const text = (value) => value.toFixed(3);
  return { value: ms * 1000, lower: (ms - half) * 1000, upper: (ms + half) * 1000, resolution: 1, n: 80, text: `${text(ms)} [${text(ms - half)}, ${text(ms + half)}]` };
}

const OUTCOME_WORDS = { fail: "fail", inconclusive: "open" };

const UNKNOWN = { value: null, reason: { code: "too-few-samples", needed: 368, have: 80, text: "a 95 % interval needs 368 samples, there are 80" }, text: "n/a" };

function scenario(name, wasm, p50, p95, discarded = {}) {
  const calls = [1, 2, 3, 5, 10].map((call) => ({ call, p50_us: figure(call === 1 ? p50 : 1.2 / call + 0.3) }));
  return { scenario: name, wasm_bytes: wasm, count: 80, discarded, p50_us: figure(p50), p95_us: figure(p95), mean_us: figure(p50 * 1.1), calls };
}

function coldStarts() {
  const verdict = (scenario, ms, judged, outcome) => ({
    scenario, wasm_bytes: "new", metric: "p50", threshold_ms: 100, estimate_us: figure(ms), judged, outcome, text: `${OUTCOME_WORDS[outcome]}: p50 of ${scenario} is ${ms} ms, threshold 100 ms`,
  });
  return {
    runtime: "pyodide", location: "default", is_floor: true, artefacts: [],
    scenarios: [scenario("warm", "known", 0.4, 0.9), scenario("cold-stub", "new", 10, 14, { "not-fresh": 2 }), scenario("cold-monolith", "new", 507, 640)],
    saved: [], kept_pair_first_us: figure(1.9), kept_pair_settled_us: figure(0.41),
    verdicts: [verdict("cold-monolith", 507, false, "fail"), verdict("cold-stub", 10, false, "inconclusive")],
    expected: [{ cold_share: 0.001, delegated_us: figure(0.42), inlined_us: figure(0.71) }, { cold_share: 0.1, delegated_us: figure(1.4), inlined_us: figure(50.8) }],
    break_even_share: 0.0009,
    text: "Sharing the runtime saves 497 ms of a cold start at the median.",
  };
}

function neighbours() {
  const row = (busy, achieved, quantiles, expected) => ({
    id: "service-binding.echo.100", runtime: "native", busy, achieved, count: 400, errors: {}, skipped: 0, lost: 0, ...quantiles, ...(expected && { expected }), histogram: "",
  });
  const band = (lower, upper, holds, text) => ({ value_us: (lower + upper) / 2, lower_us: lower, upper_us: upper, holds, text });
  return [
    row(0, { share: 0, calls: 0, failed_calls: 0, call_ms: null, seconds: 10, apart: true, text: "0 %: nobody else called" }, { p50_us: figure(0.12, 0.01), p95_us: figure(0.24), p99_us: figure(0.54) }),
    row(0.5, { share: 0.48, calls: 2200, failed_calls: 0, call_ms: 50, seconds: 229, apart: true, text: "48 % by the stub's clock around 2200 calls of 50.0 ms each" },
      { p50_us: figure(5), p95_us: figure(45), p99_us: UNKNOWN }, { p50_us: band(3900, 6200, true, "3.9 to 6.2"), p95_us: band(40_000, 44_000, false, "40 to 44"), p99_us: band(44_000, 49_000, null, "44 to 49") }),
  ];
}
