// The page's lists against those of the API, as its description has them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { COMPARED, FUNCTIONS, OUTCOMES, PAYLOAD_SHAPES, QUANTILES, SCENARIOS, TIMERS, TRANSPORTS, WASM_BYTES } from "../src/vocabulary.js";

const description = JSON.parse(await readFile(new URL("../../orchestrator/openapi.json", import.meta.url), "utf8"));
const { schemas } = description.components;

/** The names of a vocabulary; of an open one, those that are known. */
const names = (schema) => schema.enum ?? schema.oneOf?.map((one) => one.const) ?? names(schema.anyOf[0]);

test("the quantiles of a cell are those that the page shows, in their order", () => {
  const fields = Object.keys(schemas.CellReport.properties).filter((name) => /^p[\d_]+_us$/.test(name));
  assert.deepEqual(Object.keys(QUANTILES).toSorted(), fields.toSorted());
  const orders = Object.values(QUANTILES).map(({ quantile }) => quantile);
  assert.deepEqual(orders, orders.toSorted((a, b) => a - b));
  for (const [field, { title, quantile }] of Object.entries(QUANTILES)) {
    assert.equal(field, `${title.replace(".", "_")}_us`);
    assert.ok(Math.abs(Number(title.slice(1)) / 100 - quantile) < 1e-12, title);
  }
});

test("those that transports are compared by are those whose history is kept", () => {
  assert.deepEqual(["mean", ...COMPARED.map((field) => field.replace(/_us$/, ""))], names(schemas.SeriesMetric));
});

test("every name of the API has one for people", () => {
  for (const [schema, known] of Object.entries({ Transport: TRANSPORTS, Function: FUNCTIONS, Outcome: OUTCOMES, PayloadShape: PAYLOAD_SHAPES, TimerChoice: TIMERS, Scenario: SCENARIOS, WasmBytes: WASM_BYTES })) {
    assert.deepEqual(Object.keys(known), names(schemas[schema]), schema);
  }
});

test("what is not settled is called open, as a verdict and as an answer", () => {
  assert.deepEqual([OUTCOMES.inconclusive.title, OUTCOMES.inconclusive.answer], ["Open", "Open"]);
  assert.deepEqual([OUTCOMES.pass.answer, OUTCOMES.fail.answer], ["Yes", "No"]);
});
