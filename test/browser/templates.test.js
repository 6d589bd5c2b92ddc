// Templates and bulk sending as people do them: a draft becomes a template, the template a draft with people; a table with mistakes is
// refused line by line, the mended one is sent, and the result comes back as a file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { desktop, launch, newContext } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { start } from "../lib/sealdesk.js";

let program, browser, business, page;

before(async () => {
  program = await start("serve", ["--demo"]);
  browser = await launch();
  business = await newContext(browser, desktop, [422]);
  business.context.setDefaultTimeout(15_000);
  page = await business.context.newPage();
  await logIn(page, program, "business");
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

const field = (name) => page.locator(`[name="${name}"]`);
const heading = (text) => page.getByRole("heading", { level: 1, name: text }).waitFor();

async function choose(name, words) {
  const option = field(name).locator("option", { hasText: words }).first();
  await field(name).selectOption(await option.getAttribute("value"));
}

/** Uploads a table as a file and asks for the check. */
async function check(text) {
  await choose("OperatorId", "王小明");
  await field("File").setInputFiles({ name: "合同.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.getByRole("button", { name: "检查", exact: true }).click();
}

test("a draft becomes a template, and the template a draft with people", async () => {
  await page.goto(program.url + "/drafts");
  await page.locator("main table a").first().click();
  await page.getByRole("link", { name: "存为模板" }).click();
  await heading("存为模板");
  assert.equal(await field("Roles[1].Role").inputValue(), "乙方");
  await field("Name").fill("设备租赁模板");
  await field("Roles[1].Role").fill("承租方");
  await page.locator("#template-of-form button[type=submit]").click();
  await heading("设备租赁模板");
  assert.equal(await page.locator(".reader-place").count(), 6);

  await page.getByRole("link", { name: "使用模板" }).click();
  await heading("使用模板：设备租赁模板");
  await field("Name").fill("{甲方}租给{承租方}");
  await choose("OperatorId", "王小明");
  await choose("Roles[0].UserId", "王小明");
  await choose("Roles[1].UserId", "李娜");
  await page.getByRole("button", { name: "生成草稿并核对" }).click();
  await heading("深圳市示例科技有限公司租给北京样例软件有限责任公司");
  await page.waitForURL(/\/builder$/);
  assert.match(await page.locator("#builder-approver").innerText(), /李娜 · 北京样例软件有限责任公司/);
  business.check();
});

test("a table with mistakes is refused by line, the mended one is sent, the result is a file", async () => {
  await page.goto(program.url + "/templates");
  await page.getByRole("link", { name: "软件服务采购合同" }).click();
  await heading("软件服务采购合同"); // the list has links of that name, too
  await page.getByRole("link", { name: "批量发送" }).last().click();
  await heading("批量发送：软件服务采购合同");
  const heads = "合同名称,甲方签署人,乙方签署人,合同编号\n";
  await check(heads + "批量一,王小明,李娜,SD-1\n批量二,王小明,查无此人,SD-2\n批量三,王小明,李娜,\n");
  await page.getByText("表格有 2 处问题").first().waitFor();
  const told = await page.locator("main tbody").first().innerText();
  assert.match(told, /3\s+乙方签署人\s+没有找到此人/);
  assert.match(told, /4\s+合同编号\s+请填写此项/);

  await check(heads + "批量一,王小明,李娜,SD-1\n批量二,王小明,李娜,SD-2\n批量三,王小明,李娜,SD-3\n");
  await page.getByText("检查通过，共 3 份合同").waitFor();
  await page.getByRole("button", { name: "确认发送 3 份" }).click();
  await page.locator('#batch-state[data-state="done"]').waitFor({ timeout: 30_000 });
  assert.equal(await page.locator("main tbody .badge-ok").count(), 3);

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "下载结果" }).click()]);
  const text = readFileSync(await download.path(), "utf8");
  assert.equal(text[0], "\uFEFF", "Excel would not take it for UTF-8");
  const lines = text.trim().split("\r\n");
  assert.equal(lines.length, 4);
  assert.match(lines[1], /^2,批量一,已发送,,[0-9a-f]{32},\S+$/);
  business.check();
});
