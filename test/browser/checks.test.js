// A signer on a phone goes to the face check beside the contract, comes back and signs; and a program's face check returns to the program.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, newContext, phone } from "../lib/browser.js";
import { component, contract, day, now, platform } from "../lib/platform.js";

let world, browser, party;

before(async () => {
  [world, browser] = await Promise.all([platform(), launch()]);
  party = await world.party();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

test("a face check in a tab of its own, then the signature", async () => {
  const { sdk } = world;
  const { FileIds } = await sdk.UploadFiles({ Caller: party.caller, BusinessType: "DOCUMENT", FileInfos: [{ FileBody: contract, FileName: "合同.pdf" }] });
  const { FlowId } = await sdk.CreateFlowByFiles({ Caller: party.caller, FlowInfo: { FlowName: "核身合同", Deadline: now() + day }, FileIds });
  const { SignUrl } = await sdk.SendFlowUrl({
    Caller: party.caller,
    FlowId,
    UserId: party.user,
    SubOrganizationId: party.organization,
    VerifyChannel: ["WEIXINAPP", "FACEID"],
    Deadline: now() + day,
    SignComponents: [component("seal", "SIGN_SEAL", 100, 300)],
  });
  const { context, check } = await newContext(browser, phone);
  const page = await context.newPage();
  await page.goto(SignUrl);
  await page.getByRole("checkbox").check();
  const [face] = await Promise.all([context.waitForEvent("page"), page.getByRole("button", { name: "去模拟人脸核身" }).click()]);
  await face.getByText("不打开摄像头").waitFor();
  await face.getByRole("button", { name: "人脸比对通过" }).click();
  await face.getByText("模拟结果：通过").waitFor();
  await face.close();
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event("focus"))); // headless tabs have no focus to get back
  await page.locator('[data-check="FACEID"]').getByText("已通过").waitFor();
  assert.ok(await page.getByRole("radio", { name: "人脸核身" }).isChecked(), "the channel is chosen");
  assert.ok(await page.getByRole("checkbox").isChecked(), "what was filled in is lost");
  await page.getByRole("button", { name: "确认签署" }).click();
  await page.getByText("您已完成签署").waitFor();
  assert.equal((await sdk.DescribeFlow({ Caller: party.caller, FlowId })).FlowStatus, 7);
  check();
  await context.close();
});

test("a program's face check returns to the program at once", async () => {
  const program = createServer((_, response) => response.end("<title>done</title>"));
  await new Promise((done) => program.listen(0, "127.0.0.1", done));
  const JumpUrl = `http://127.0.0.1:${program.address().port}/done`;
  const { Url } = await world.sdk.CreateH5FaceIdUrl({ Caller: party.caller, WbAppId: "IDATEST1", JumpUrl, JumpType: "1" });
  const { context } = await newContext(browser, phone);
  const page = await context.newPage();
  await page.goto(Url);
  await page.getByRole("button", { name: "人脸比对不通过" }).click();
  await page.waitForURL(`${JumpUrl}?*`);
  const back = new URL(page.url()).searchParams;
  assert.equal(back.get("code"), "66660004");
  const { Results } = await world.sdk.DescribeFaceIdResults({ Caller: party.caller, WbAppId: "IDATEST1", OrderNumbers: [back.get("orderNo")] });
  assert.equal(Results[0].Result, 1);
  await context.close();
  await new Promise((done) => program.close(done));
});
