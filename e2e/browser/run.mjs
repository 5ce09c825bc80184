// Tests the page in a real browser. Usage: e2e/browser/run [--update-screenshots] [--states-only | --real-only]
//
// | module | what it shows |
// |---|---|
// | real_run.mjs | on real local Workers: the empty page, a run started, followed, finished and cancelled by the page, the report's own figures in table, plots and files, accessibility, weight, screenshots |
// | figures.mjs, appearance.mjs | parts of it: the figures against the report; weight, accessibility, pictures |
// | states.mjs | with made-up answers: a clock that stands still, refusals, a server in trouble, a long history, many runs |
import { launch } from "./browser.mjs";
import { summary } from "./checks.mjs";
import { testRealRun } from "./real_run.mjs";
import { testStates } from "./states.mjs";

const KNOWN = ["--update-screenshots", "--states-only", "--real-only"];
const options = new Set(process.argv.slice(2));
if ([...options].some((option) => !KNOWN.includes(option))) {
  console.error(`usage: e2e/browser/run [${KNOWN.join("] [")}]`);
  process.exit(2);
}

const browser = await launch();
try {
  if (!options.has("--real-only")) await testStates(browser);
  if (!options.has("--states-only")) await testRealRun(browser, { updateScreenshots: options.has("--update-screenshots") });
} finally {
  await browser.close();
}
process.exitCode = summary();
