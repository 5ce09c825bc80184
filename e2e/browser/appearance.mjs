// What the page weighs and how it looks: accessibility, width, pictures.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { DARK, DESKTOP, PHONE, fitsWindow, open, seriousViolations, unfold } from "./browser.mjs";
import { check } from "./checks.mjs";

const SCREENSHOTS = fileURLToPath(new URL("screenshots/", import.meta.url));
const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
/** Budget of everything that the first look at the page loads, gzipped. */
const FIRST_LOAD_BYTES = 150_000;
/** Largest picture in the README. */
const IMAGE_BYTES = 200_000;

/** Adds up what a first look loads. */
export async function weigh(responses, url) {
  let packed = 0;
  for (const response of responses) {
    const body = await response.body();
    const size = gzipSync(body).length;
    packed += size;
    console.log(`        ${response.url().slice(url.length).padEnd(50)} ${String(body.length).padStart(7)} B, ${String(size).padStart(6)} B gzip`);
  }
  console.log(`        first load: ${packed} B gzip of ${FIRST_LOAD_BYTES}`);
  assert.ok(packed > 10_000 && packed < FIRST_LOAD_BYTES, `${packed} bytes`);
}

/** Accessibility in light, dark and on a phone, and pictures of each. */
export async function looks(browser, url, updateScreenshots) {
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const [name, options] of Object.entries({ light: DESKTOP, dark: DARK, phone: PHONE })) {
    await check(`axe-core finds nothing serious, and the page fits its window: ${name}`, async () => {
      const { page, close } = await open(browser, url, options);
      try {
        await page.locator("#plot-answer svg").waitFor();
        if (updateScreenshots && name !== "phone") await picture(page, name);
        await page.screenshot({ path: `${SCREENSHOTS}${name}-folded.png`, fullPage: true });
        await unfold(page);
        await page.locator("#plot-percentiles svg").waitFor();
        await page.locator("#plot-history svg, #plot-history .empty").first().waitFor();
        await fitsWindow(page);
        await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
        assert.deepEqual(await seriousViolations(page), []);
      } finally {
        await close();
      }
    });
  }
}

/** The picture of the README: what a reader sees first, the answer, with the parts that can be unfolded. */
async function picture(page, name) {
  const bottom = await page.locator("#runs").evaluate((node) => node.getBoundingClientRect().bottom + window.scrollY);
  const whole = await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width: DESKTOP.viewport.width, height: Math.ceil(bottom) + 24 } });
  const png = await sharp(whole).png({ palette: true, colours: 256, dither: 0, effort: 10 }).toBuffer();
  assert.ok(png.length < IMAGE_BYTES, `the picture has ${png.length} bytes`);
  await mkdir(IMAGES, { recursive: true });
  await writeFile(`${IMAGES}dashboard-${name}.png`, png);
}
