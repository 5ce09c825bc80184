// Lays out what Python needs in a Worker but the functions, from the npm package `pyodide`.
// Usage: node pyodide-runtime/make/make.mjs FOLDER
// Nothing of the package is committed: it is taken from node_modules, checked to be the expected version, and changed here.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "./library.mjs";
import { check, errorMark, replaceAll, signatures, trampoline } from "./replacements.mjs";
import { reexports } from "./wasm.mjs";

const CRATE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGE = resolve(CRATE, "../node_modules/pyodide");

process.on("uncaughtException", (error) => {
  // Without the line of the source, which is a million characters long.
  console.error(`error: ${error.message}`);
  process.exit(1);
});
const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: node pyodide-runtime/make/make.mjs FOLDER");

const original = (name) => {
  const bytes = readFileSync(join(PACKAGE, name));
  check(name, bytes);
  return bytes;
};
const write = (name, content) => writeFileSync(join(folder, name), content);

mkdirSync(folder, { recursive: true });
const source = original("pyodide.asm.mjs").toString();
write("pyodide.js", replaceAll(source));
write("pyodide.wasm", original("pyodide.asm.wasm"));
write("trampoline.wasm", trampoline(source));
write("signatures.wasm", reexports(signatures(source)));
write("error_mark.wasm", errorMark(original("pyodide.mjs").toString()));
const library = await compile(original("python_stdlib.zip"));
write("python_library.bin", library.bytes);
const calls = readFileSync(join(CRATE, "python/calls.py"), "utf8");
write("sources.js", `export const libraryPath = ${JSON.stringify(library.path)};\nexport const calls = ${JSON.stringify(calls)};\n`);
