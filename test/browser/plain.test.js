// The main job without scripts, as behind a browser that refuses them: every form has an address and every answer is a page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, phone, proveWill } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { plainPDF } from "../lib/pdf.js";
import { start, until } from "../lib/sealdesk.js";

let program, browser;
before(async () => {
  program = await start("serve", ["--demo"]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

test("a contract is prepared, placed, sent, signed and archived without a script", async () => {
  const { context, check } = await newContext(browser, { ...desktop, javaScriptEnabled: false });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await logIn(page, program);
  const field = (name) => page.locator(`main [name="${name}"]`);
  const choose = async (name, words) => field(name).selectOption({ label: (await field(name).locator("option", { hasText: words }).first().textContent()).trim() });

  await page.goto(program.url + "/drafts/new");
  await field("Name").fill("没有脚本的合同");
  await choose("OrganizationId", "深圳市示例科技有限公司");
  await choose("OperatorId", "王小明");
  await field("Files").setInputFiles({ name: "合同.pdf", mimeType: "application/pdf", buffer: plainPDF(2) });
  await page.locator("main form button[type=submit]").first().click();
  await page.waitForURL(/\/people$/);
  await choose("UserId", "王小明");
  await choose("OrganizationId", "深圳市示例科技有限公司");
  await page.locator("#person-form button").first().click();
  await page.locator("main .route li[data-person]", { hasText: "王小明" }).waitFor();
  await page.locator(".page-actions a[href$='/builder']").click();
  await page.waitForURL(/\/builder$/);
  await field("Type").selectOption("SIGN_SEAL");
  await choose("Page", "2");
  await field("X").fill("300");
  await field("Y").fill("500");
  await page.locator("form[action$='/components'] button").last().click();
  // Sending ends the draft: pictures of its pages that are still on their way would be answered with 404.
  for (const picture of await page.locator("main img[loading=lazy]").all()) await picture.scrollIntoViewIfNeeded();
  await page.waitForLoadState("networkidle");
  await page.locator("#send button, button#send").first().click();
  await page.waitForURL(/\/flows\/[0-9a-f]+$/);
  const flow = page.url();
  await until("the contract to be sent", async () => (await page.goto(flow)) && page.locator("#flow-state[data-state='1']").count());
  await page.locator("form[action$='/link'] button").first().click();
  const link = await page.locator(".copy-text input").first().inputValue();

  const reader = await newContext(browser, { ...phone, javaScriptEnabled: false });
  const signer = await reader.context.newPage();
  await signer.goto(link);
  await proveWill(signer);
  await signer.locator("#f-Agree").check();
  await signer.locator("[data-sign-submit]").click();
  await signer.locator("#sign").waitFor({ state: "detached" });
  reader.check();
  await reader.context.close();

  await until("the signature to be known", async () => (await page.goto(flow)) && page.locator("form[action$='/archive']").count());
  await page.locator("form[action$='/archive'] button").click();
  await page.locator(".badge", { hasText: "已归档" }).first().waitFor();
  await page.goto(program.url + "/audit");
  await page.locator("form[action='/audit/verify'] button").click();
  await page.locator("main", { hasText: "完好" }).waitFor();
  check();
  await context.close();
});
