// Reading: pages, thumbnails, search and the places where people sign, in a contract of the demo data and in a long file.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, launch, newContext } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { plainPDF } from "../lib/pdf.js";
import { start } from "../lib/sealdesk.js";

let program, browser;

before(async () => {
  program = await start("serve", ["--demo"]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** Where a mark lies on its page, in points. */
function onPage(page, selector) {
  return page.locator(selector).first().evaluate((rect) => {
    const box = rect.getBoundingClientRect();
    const sheet = rect.closest(".reader-page").getBoundingClientRect();
    const scale = rect.ownerSVGElement.viewBox.baseVal.width / sheet.width;
    return { x: (box.x - sheet.x) * scale, y: (box.y - sheet.y) * scale };
  });
}

test("a contract tells who signs where, and its text is found", async () => {
  const { context, check } = await newContext(browser);
  const page = await context.newPage();
  await logIn(page, program, "business");
  await page.goto(program.url + "/flows");
  await page.locator("main a:has-text('软件服务采购合同')").first().click();
  await page.locator("a[href$='/preview']").first().click();
  await page.locator("#reader").waitFor();

  assert.equal(await page.locator(".reader-page").count(), 3);
  assert.equal(await page.locator(".reader-people > li").count(), 2);
  const place = page.locator(".reader-people a").first();
  const target = await place.getAttribute("href");
  await place.click();
  await page.waitForFunction((id) => document.querySelector(".reader-thumbs [aria-current]")?.hash === "#" + document.getElementById(id).closest(".reader-page").id, target.slice(1));
  await page.locator("#reader-marks").uncheck();
  assert.ok(!(await page.locator(target).isVisible()), "places can be hidden");

  await page.locator("input[name=q]").fill("深圳市示例科技有限公司");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=/);
  const hits = await page.locator(".reader-hits a").count();
  assert.ok(hits >= 1, "the party's name is found");
  assert.equal(await page.locator(".reader-hit").count(), hits);
  const before = await onPage(page, ".reader-hit");
  await page.locator("[data-zoom-by='1']").click();
  await page.locator("[data-zoom-by='1']").click();
  assert.equal(await page.locator("#reader").getAttribute("data-zoom"), "150");
  const after = await onPage(page, ".reader-hit");
  assert.ok(Math.abs(before.x - after.x) < 0.5 && Math.abs(before.y - after.y) < 0.5, "the zoom keeps marks on their text");
  check();
  await context.close();
});

test("a file of 500 pages loads what is in view, and is searched", async () => {
  const { context, check } = await newContext(browser, desktop);
  const page = await context.newPage();
  const pictures = [];
  page.on("request", (request) => /\/pages\/\d+\.png/.test(request.url()) && pictures.push(request.url()));
  await logIn(page, program);
  await page.goto(program.url + "/files");
  await page.locator("input[type=file]").setInputFiles({ name: "long.pdf", mimeType: "application/pdf", buffer: plainPDF(500) });
  await page.locator("form:has(input[type=file]) button[type=submit]").click();
  await page.locator("main a:has-text('long.pdf')").click();
  await page.locator("#reader").waitFor();
  assert.equal(await page.locator(".reader-page").count(), 500);

  await page.locator("#reader-page").fill("321");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".reader-thumbs [aria-current]")?.hash === "#p0-321");
  await page.locator("#p0-321 img").evaluate((img) => img.decode());
  const large = pictures.filter((url) => !url.includes("size=small"));
  assert.ok(large.length < 40, `${large.length} of 500 pages were loaded`);

  await page.locator("input[name=q]").fill("Page 432 of");
  await page.keyboard.press("Enter");
  await page.locator(".reader-hits a").click();
  await page.waitForFunction(() => document.querySelector(".reader-thumbs [aria-current]")?.hash === "#p0-432");
  check();
  await context.close();
});

test("what a script has styled stays on its page: the content policy forbids to take it along", async () => {
  const { context, check } = await newContext(browser);
  const page = await context.newPage();
  await logIn(page, program, "business");
  await page.goto(program.url + "/files");
  await page.locator("#main").evaluate((main) => (main.style.opacity = "0.99"));
  await page.locator("main a[href^='/files/']").first().click();
  await page.waitForURL(/\/files\/\w+/);
  await page.locator("main h1").waitFor();
  assert.equal(await page.locator("#main").getAttribute("style"), null);
  check();
});
