// Bundles the page from src/ into build/, which the orchestrator serves as it is. Run: node dashboard/build.mjs
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await rm(here("build"), { recursive: true, force: true });
await mkdir(here("build"));
const { metafile } = await build({
  absWorkingDir: here(".."),
  entryPoints: { dashboard: here("src/main.js"), style: here("src/style.css") },
  outdir: here("build"),
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome111", "firefox113", "safari16.4"],
  metafile: true,
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) await copyFile(here(`src/${file}`), here(`build/${file}`));
await writeFile(here("build/licences.txt"), await licences(Object.keys(metafile.inputs)));

/** The licences of the packages that ended up in the page: they ask to be passed on with it. */
async function licences(inputs) {
  const packages = [...new Set(inputs.map((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean))].sort();
  const texts = packages.map(async (name) => {
    const folder = here(`../node_modules/${name}`);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} is bundled but has no licence file`);
    const { version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
    return `${name} ${version}\n\n${await readFile(`${folder}/${file}`, "utf8")}`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}
