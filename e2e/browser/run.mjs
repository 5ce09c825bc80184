// Tests the page in a real browser. Usage: e2e/browser/run [--update-screenshots] [--states-only | --real-only]
//
// | module | what it shows |
// |---|---|
// | real_run.mjs | on real local Workers: the empty page, a run started, followed, finished and cancelled by the page, the report's own figures in table, plots and files, accessibility, weight, screenshots |
// | figures.mjs, appearance.mjs | parts of it: the figures against the report; weight, accessibility, pictures |
// | answer.mjs | with made-up answers: the answer and its picture come first and the rest is folded, what is not judged, words, the sentence under each plot |
// | progress.mjs | an active run: its table as it stands, what is open, and the form that starts one |
// | comparison.mjs | two runs and two transports beside each other |
// | heavy_runtime.mjs | cold starts and neighbours: their tables, plots and files |
// | states.mjs | with made-up answers: a clock that stands still, refusals, a server in trouble, a long history, many runs |
import { launch } from "./browser.mjs";
import { summary } from "./checks.mjs";
import { testRealRun } from "./real_run.mjs";
import { testAnswer } from "./answer.mjs";
import { testComparison } from "./comparison.mjs";
import { testHeavyRuntime } from "./heavy_runtime.mjs";
import { testProgress } from "./progress.mjs";
import { testStates } from "./states.mjs";

const KNOWN = ["--update-screenshots", "--states-only", "--real-only"];
const options = new Set(process.argv.slice(2));
if ([...options].some((option) => !KNOWN.includes(option))) {
  console.error(`usage: e2e/browser/run [${KNOWN.join("] [")}]`);
  process.exit(2);
}

const browser = await launch();
try {
  if (!options.has("--real-only")) for (const test of [testAnswer, testProgress, testComparison, testHeavyRuntime, testStates]) await test(browser);
  if (!options.has("--states-only")) await testRealRun(browser, { updateScreenshots: options.has("--update-screenshots") });
} finally {
  await browser.close();
}
process.exitCode = summary();
