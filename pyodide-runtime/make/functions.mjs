// Writes the functions, each a file of Python, into the module that the Worker reads them from.
// Usage: node pyodide-runtime/make/functions.mjs MODULE FOLDER...     of two files of one name the later counts
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

// As `protocol::name::Name` has it.
const NAME = /^[a-z0-9-]{1,32}$/;

const [module, ...folders] = process.argv.slice(2);
const fail = (what) => {
  console.error(`error: ${what}`);
  process.exit(1);
};
if (!folders.length) fail("usage: node pyodide-runtime/make/functions.mjs MODULE FOLDER...");

const functions = {};
for (const folder of folders) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".py")).sort()) {
    const name = basename(file, ".py");
    if (!NAME.test(name)) fail(`${join(folder, file)}: the name of a function has 1 to 32 characters of a-z, 0-9 and -`);
    functions[name] = readFileSync(join(folder, file), "utf8");
  }
}
if (!Object.keys(functions).length) fail(`no *.py in ${folders.join(", ")}: a function is a file there`);
writeFileSync(module, JSON.stringify(functions));
