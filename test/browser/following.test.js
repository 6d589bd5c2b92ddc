// Following contracts: what waits on the overview, the list with its filters and a saved view, its file, and the bell.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, newContext } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
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

const names = (page) => page.locator("main table tbody td:first-child a").allInnerTexts();

test("a filter is saved as a view, which the list then opens with", async () => {
  const { context, check } = await newContext(browser);
  const page = await context.newPage();
  await logIn(page, program);
  await page.goto(program.url + "/flows");
  const all = await names(page);
  assert.ok(all.length > 3, `the demo has ${all.length} contracts`);
  await page.locator("[name=state]").selectOption("1");
  await page.locator(".filters button[type=submit]").click();
  await page.waitForURL(/state=1/);
  const signing = await names(page);
  assert.ok(signing.length > 0 && signing.length < all.length, `${signing}`);
  await page.locator(".views summary").click();
  await page.locator(".views [name=Name]").fill("等人签的");
  await page.locator(".views [name=Standard]").check();
  await page.locator(".views form button[type=submit]").click();
  await page.waitForURL(/view=view_/);
  await page.goto(program.url + "/flows");
  assert.match(page.url(), /state=1.*view=view_/);
  assert.deepEqual(await names(page), signing);

  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a[download]").click()]);
  const text = readFileSync(await download.path(), "utf8");
  assert.equal(text.charCodeAt(0), 0xfeff);
  for (const name of signing) assert.ok(text.includes(name), `${name} is not in the file`);
  assert.equal(text.trim().split("\n").length, signing.length + 1);
  check();
  await context.close();
});

test("the overview says whom contracts wait for, and the bell leads to the notices", async () => {
  const { context, check } = await newContext(browser);
  const page = await context.newPage();
  await logIn(page, program);
  await page.locator(".card", { hasText: "等待他人" }).locator("text=李娜").first().waitFor();
  await page.locator("svg.chart").waitFor();
  await page.locator(".sidebar .bell").click();
  await page.waitForURL(program.url + "/notices");
  check();
  await context.close();
});

test("choosing from a timeline keeps to the timeline, with scripts and without", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { context, check } = await newContext(browser, { viewport: { width: 390, height: 600 }, javaScriptEnabled });
    const page = await context.newPage();
    await logIn(page, program);
    await page.goto(program.url + "/flows?state=1");
    await page.locator("main table tbody td:first-child a").first().click();
    await page.locator("#timeline summary").click();
    await page.locator("#timeline [name=kind]").selectOption("sending");
    await page.locator("#timeline button[type=submit]").click();
    await page.waitForURL(/kind=sending.*#timeline$/);
    await page.waitForFunction(() => scrollY > 0 && document.getElementById("timeline").getBoundingClientRect().top < innerHeight / 2);
    assert.equal(await page.locator("#timeline [name=kind]").inputValue(), "sending");
    if (javaScriptEnabled) assert.equal(await page.evaluate(() => document.activeElement.id), "timeline");
    check();
    await context.close();
  }
});
