import assert from "node:assert/strict";
import { test } from "node:test";
import { isMerged } from "../src/report.js";

test("a report is merged if it lists several locations, whatever they are called", () => {
  assert.equal(isMerged({ run: { location: "weur+wnam", locations: ["weur", "wnam"] } }), true);
  assert.equal(isMerged({ run: { location: "on+off", locations: ["on+off"] } }), false);
  assert.equal(isMerged({ run: { location: "default" } }), false, "of before locations were listed");
});
