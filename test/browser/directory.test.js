// An administrator renames an organisation, verifies it again, imports people and calls an action of the platform.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newContext } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { start } from "../lib/sealdesk.js";

let program, browser, page, check, context;

before(async () => {
  program = await start("serve", ["--demo"]);
  browser = await launch();
  ({ context, check } = await newContext(browser, undefined, [422]));
  page = await context.newPage();
  await logIn(page, program);
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

test("a new name costs the verification, which is said before", async () => {
  await page.goto(program.url + "/organizations");
  await page.locator("main td a").first().click();
  await page.getByRole("link", { name: "编辑" }).click();
  const name = page.getByLabel("机构名称");
  const before = await name.inputValue();
  await name.fill("全新" + before);
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByText(`「${before}」将改名为「全新${before}」`).waitFor();
  await page.getByLabel("我知道，仍要改名").check();
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("heading", { level: 1, name: "全新" + before }).waitFor();
  await page.getByText("未实名", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "声明实名" }).click();
  await page.getByRole("button", { name: "声明已实名" }).click();
  await page.getByText("已声明实名", { exact: true }).first().waitFor();
});

test("a file is checked before anything is made, then made row by row", async () => {
  const choose = async (text) => {
    await page.setInputFiles("input[name=File]", { name: "名单.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.getByRole("button", { name: "检查文件" }).click();
  };
  await page.goto(program.url + "/users/import");
  await choose("姓名,证件号码\n林一帆,110101190001010015\n");
  await page.getByRole("cell", { name: "身份证号码有误，请核对" }).waitFor();
  await choose("姓名,证件号码\n林一帆,110101190001010014\n");
  await page.getByText("检查通过，共 1 行").waitFor();
  await page.getByRole("button", { name: "开始导入" }).click();
  await page.getByText("全部 1 行已创建").waitFor();
  await page.goto(program.url + "/users?q=" + encodeURIComponent("林一帆"));
  await page.locator("main td a").first().waitFor();
});

test("an action is called from its form", async () => {
  await page.goto(program.url + "/users");
  const id = (await page.locator("main td a").first().getAttribute("href")).split("/").pop();
  await page.goto(program.url + "/calls/DescribeUsers");
  await page.locator("[name=UserIds]").first().fill(id);
  await page.getByRole("button", { name: "调用", exact: true }).click();
  const answer = page.getByRole("region", { name: "应答" });
  await answer.waitFor();
  assert.equal(JSON.parse(await answer.textContent()).Users[0].UserId, id);
  await page.getByText("curl", { exact: true }).click();
  assert.match(await page.getByRole("region", { name: "curl" }).textContent(), /X-Tc-Action: DescribeUsers/);
  check();
});
