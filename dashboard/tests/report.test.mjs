import assert from "node:assert/strict";
import { test } from "node:test";
import { cellParts, coldStartIds, isMerged, ofRuntime, runtimesOf, subjectParts } from "../src/report.js";
import { cellTitle, methodTitle, ownWorkTitle, subjectTitle } from "../src/vocabulary.js";

test("a report is merged if it lists several locations, whatever they are called", () => {
  assert.equal(isMerged({ run: { location: "weur+wnam", locations: ["weur", "wnam"] } }), true);
  assert.equal(isMerged({ run: { location: "on+off", locations: ["on+off"] } }), false);
  assert.equal(isMerged({ run: { location: "default" } }), false, "of before locations were listed");
});

test("a series is of a cell or of a kind of cold start", () => {
  const report = { cold_starts: [{ runtime: "pyodide", scenarios: [{ scenario: "cold-stub", wasm_bytes: "new" }] }] };
  const [id] = coldStartIds(report);
  assert.equal(id, "pyodide.cold-stub.new");
  assert.equal(subjectTitle(subjectParts(id)), "Cold start (pyodide): cold stub, warm runtime (new wasm)");
  assert.equal(subjectTitle(subjectParts("native.warm.known")), "Cold start: warm");
  assert.equal(subjectTitle(subjectParts("rpc.echo.100")), cellTitle(cellParts("rpc.echo.100")));
  assert.deepEqual(coldStartIds({}), []);
});

test("a cell of another runtime than the native one says whose it is", () => {
  assert.deepEqual(cellParts("rpc.echo.100"), { runtime: "native", transport: "rpc", fn: "echo", payloadBytes: 100 });
  const python = cellParts("pyodide.service-binding.echo.1000");
  assert.deepEqual(python, { runtime: "pyodide", transport: "service-binding", fn: "echo", payloadBytes: 1000 });
  assert.equal(methodTitle(python), "Service Binding (pyodide)");
  assert.equal(cellTitle(python), "Service Binding (pyodide), echo, 1 KB");
  assert.equal(ownWorkTitle(python), "pyodide: echo, 1 KB");
  assert.equal(ownWorkTitle(cellParts("rpc.echo.100")), "echo, 100 B");
});

test("the figures of one runtime are told from those of another", () => {
  const rows = [{ id: "rpc.echo.100" }, { id: "pyodide.rpc.echo.100" }];
  const report = {
    plan: { runtimes: ["native", "pyodide"] }, cells: rows, overheads: rows,
    slopes: [{ runtime: "native", n: 1 }, { runtime: "pyodide", n: 2 }], breakdown: [{ function: "echo" }], warnings: [1],
  };
  assert.deepEqual(runtimesOf(report), ["native", "pyodide"]);
  const python = ofRuntime(report, "pyodide");
  assert.deepEqual([python.cells, python.overheads, python.slopes, python.breakdown], [[rows[1]], [rows[1]], [{ runtime: "pyodide", n: 2 }], []]);
  assert.deepEqual(python.warnings, [1], "what is of the run stays");
  const native = ofRuntime(report, "native");
  assert.deepEqual([native.cells, native.breakdown.length], [[rows[0]], 1]);
  assert.deepEqual(runtimesOf({ plan: {} }), ["native"], "of before there were several");
});
