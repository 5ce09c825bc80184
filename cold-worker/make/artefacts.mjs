// Lays out the artefacts that isolates are made of: files that the Worker carries as data, and artefacts.js, which names them.
// Usage: node cold-worker/make/artefacts.mjs FOLDER NAME=ARTEFACT_FOLDER_OR_FILE...
// An artefact is the build that is deployed, unchanged; a NAME that ends with "runtime" is one that stubs call.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const CRATE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [folder, ...named] = process.argv.slice(2);
if (!folder || !named.length) throw new Error("usage: node cold-worker/make/artefacts.mjs FOLDER NAME=ARTEFACT_FOLDER_OR_FILE...");

const imports = [];
const known = new Map(); // equal files are carried once
const isText = (file) => file.endsWith(".js") || file.endsWith(".txt");

function carried(file, path) {
  const bytes = readFileSync(path);
  const hash = createHash("sha256").update(bytes).digest("hex");
  const key = hash + isText(file);
  if (!known.has(key)) {
    const name = `artefact${known.size}.${isText(file) ? "txt" : "bin"}`;
    const variable = `a${known.size}`;
    writeFileSync(join(folder, name), bytes);
    imports.push(`import ${variable} from "./${name}";`);
    known.set(key, variable);
  }
  return `${JSON.stringify(file)}: ${known.get(key)}`;
}

const artefacts = named.map((one) => {
  const [name, path] = one.split("=");
  const files = statSync(path).isDirectory()
    ? readdirSync(path).filter((file) => !file.startsWith(".")).map((file) => [file, join(path, file)])
    : [["index.js", path]];
  const modules = files.sort().map(([file, at]) => carried(file, at));
  // One that is loaded by its name is the same isolate each time: a cold start that is none, for tests of the instrument.
  const byName = name.startsWith("named.") ? " byName: true," : "";
  return `  ${JSON.stringify(name)}: { isRuntime: ${name.endsWith("runtime")},${byName} modules: { ${modules.join(", ")} } },`;
});
const isolate = (kind) => JSON.stringify(readFileSync(join(CRATE, `js/isolate_of_${kind}.js`), "utf8"));
writeFileSync(
  join(folder, "artefacts.js"),
  `${imports.join("\n")}
export const ISOLATE_OF_STUB = ${isolate("stub")};
export const ISOLATE_OF_RUNTIME = ${isolate("runtime")};
export const ARTEFACTS = {
${artefacts.join("\n")}
};
`,
);
