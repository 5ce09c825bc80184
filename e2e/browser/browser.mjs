// A headless Chromium whose pages report everything that a page must not do.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const DESKTOP = { viewport: { width: 1280, height: 900 }, colorScheme: "light" };
export const DARK = { ...DESKTOP, colorScheme: "dark" };
export const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true, isMobile: true };

/** Launches the machine's Chromium. */
export async function launch() {
  const paths = process.env.PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  const executablePath = process.env.CHROMIUM ?? paths.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium found; scripts/setup installs it, or name it in CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
}

/**
 * A page in a context of its own, with `errors` (console errors, exceptions, policy violations), `outside` (requests off the
 * origin) and `responses` as they occur. `allowed` are patterns of console errors that the state under test brings with it.
 */
export async function open(browser, url, options = DESKTOP, allowed = []) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors = [];
  const outside = [];
  const responses = [];
  const note = (text) => allowed.some((pattern) => pattern.test(text)) || errors.push(text);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && note(`${message.text()} (${message.location().url})`));
  page.on("pageerror", (error) => note(String(error.stack ?? error)));
  page.on("request", (request) => new URL(request.url()).origin === new URL(url).origin || request.url().startsWith("blob:") || outside.push(request.url()));
  page.on("response", (response) => responses.push(response));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI}`));
  });
  await page.goto(url);
  return { page, errors, outside, responses, close: () => context.close() };
}

/** Unfolds the page's parts. */
export const unfold = (page) => page.evaluate(() => document.querySelectorAll("details.fold").forEach((fold) => (fold.open = true)));

/** What axe-core finds that is serious or critical, with the elements. All parts that can be opened are opened first. */
export async function seriousViolations(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  // Evaluated over the debugger and not as a script of the page: the page's policy does not let scripts in.
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document));
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.slice(0, 5).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`);
}

/** The page is no wider than its window. */
export async function fitsWindow(page) {
  const [scroll, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(scroll <= inner, `the page is ${scroll} px wide in a window of ${inner} px`);
}

/** What a button downloads: `{name, text}`. */
export async function downloaded(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}
