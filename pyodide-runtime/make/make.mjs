// Lays out what Python needs in a Worker, from the npm package `pyodide` and the functions in ../functions.
// Usage: node pyodide-runtime/make/make.mjs FOLDER [FUNCTIONS]     FUNCTIONS: another folder of *.py
// Nothing of the package is committed: it is taken from node_modules, checked to be the expected version, and changed here.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "./library.mjs";
import { check, errorMark, replaceAll, signatures, trampoline } from "./replacements.mjs";
import { reexports } from "./wasm.mjs";

const CRATE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGE = resolve(CRATE, "../node_modules/pyodide");
// As `protocol::Name` has it; it also is how the function is called.
const NAME = /^[a-z0-9-]{1,32}$/;

process.on("uncaughtException", (error) => {
  // Without the line of the source, which is a million characters long.
  console.error(`error: ${error.message}`);
  process.exit(1);
});
const [folder, functions = join(CRATE, "functions")] = process.argv.slice(2);
if (!folder) throw new Error("usage: node pyodide-runtime/make/make.mjs FOLDER [FUNCTIONS]");

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
write("sources.js", sources(library.path));

// The Python that is ours, as a JavaScript module.
function sources(libraryPath) {
  const files = readdirSync(functions).filter((file) => file.endsWith(".py")).sort();
  if (files.length === 0) throw new Error(`${functions} has no *.py: a function is a file there`);
  const texts = {};
  for (const file of files) {
    const name = basename(file, ".py");
    if (!NAME.test(name)) throw new Error(`${join(functions, file)}: the name of a function has 1 to 32 characters of a-z, 0-9 and -`);
    texts[name] = readFileSync(join(functions, file), "utf8");
  }
  const calls = readFileSync(join(CRATE, "python/calls.py"), "utf8");
  return `export const libraryPath = ${JSON.stringify(libraryPath)};
export const calls = ${JSON.stringify(calls)};
export const functions = ${JSON.stringify(texts, null, 1)};
`;
}
