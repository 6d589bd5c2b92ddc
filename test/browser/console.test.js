// The engine's console as an integrator uses it: log in once, find out why a signature failed, let deadlines pass, refuse a right.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, phone } from "../lib/browser.js";
import { run, start } from "../lib/sealdesk.js";
import { call } from "../lib/tc3.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let program, browser, credentials, desk, page;

before(async () => {
  program = await start("engine", ["--simulate", "--allow-private"]);
  const here = ["--json", "--data", program.data, "--engine-listen", program.engine];
  credentials = JSON.parse(run(["engine", "credentials", ...here]));
  browser = await launch();
  desk = await newContext(browser, desktop, [404, 422]);
  desk.context.setDefaultTimeout(15_000);
  page = await desk.context.newPage();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

const base = () => `http://${program.engine}/console`;
const go = (path) => page.goto(base() + path);
const logInAddress = () => run(["engine", "console", "--data", program.data, "--engine-listen", program.engine]).match(/http:\S+/)[0];
const caller = () => ({ ApplicationId: credentials.applicationId });

test("one logs in with a token that works once", async () => {
  await go("/requests");
  assert.equal(new URL(page.url()).pathname, "/console/login");
  const address = logInAddress();
  await page.goto(address);
  await page.goto(address); // opening it spends nothing
  await page.getByRole("button", { name: "登录" }).click();
  await page.waitForURL(base() + "/requests");
  await page.getByRole("heading", { level: 1, name: "请求记录" }).waitFor();
  const cookie = (await desk.context.cookies()).find(({ name }) => name === "sealdesk_console");
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict");

  const other = await newContext(browser, desktop, [422]);
  const stranger = await other.context.newPage();
  await stranger.goto(address);
  await stranger.getByRole("button", { name: "登录" }).click();
  await stranger.getByText("令牌无效").waitFor();
  await other.context.close();
  desk.check();
});

test("a failed signature comes with what the server signed", async () => {
  const wrong = await call(credentials, "DescribeUsers", { Caller: caller(), UserIds: ["nobody"], Mobile: "13800000001" }, { secretKey: "wrong" });
  assert.equal(wrong.Error.Code, "AuthFailure.SignatureFailure");
  await call(credentials, "DescribeUsers", { Caller: caller(), UserIds: ["nobody"] });
  await go("/requests");
  await page.getByText("AuthFailure.SignatureFailure").waitFor();
  assert.equal(await page.locator("tbody tr").count(), 2);
  await page.getByRole("link", { name: "只看失败" }).click();
  await page.waitForURL(/failed=1/);
  assert.equal(await page.locator("tbody tr").count(), 1);
  await page.getByRole("link", { name: "DescribeUsers" }).click();
  assert.equal(await page.locator("#canonical").textContent(), wrong.canonical);
  assert.match(await page.locator("#string-to-sign").textContent(), /^TC3-HMAC-SHA256\n\d+\n[\d-]+\/essbasic\/tc3_request\n[0-9a-f]{64}$/);
  const parameters = await page.locator("#parameters").textContent();
  assert.match(parameters, /"138\*{4}0001"/);
  assert.doesNotMatch(parameters, /13800000001/);
  desk.check();
});

test("a right is refused and granted", async () => {
  const person = (id) => ({ Caller: caller(), OpenId: id, Name: "王小明", IdCardType: "ID_CARD", IdCardNumber: "110101199003074418", SourceIp: "127.0.0.1", Mobile: "13800000001" });
  await go("/rights");
  await page.getByRole("button", { name: "拒绝 CreateUserAndSeal" }).click();
  await page.getByRole("button", { name: "授予 CreateUserAndSeal" }).waitFor();
  const refused = await call(credentials, "CreateUserAndSeal", person("one"));
  assert.equal(refused.Error?.Code, "OperationDenied.NoApiAuth");
  await page.getByRole("button", { name: "授予 CreateUserAndSeal" }).click();
  await page.getByRole("button", { name: "拒绝 CreateUserAndSeal" }).waitFor();
  const allowed = await call(credentials, "CreateUserAndSeal", person("two"));
  assert.ok(allowed.UserId, JSON.stringify(allowed));
  desk.check();
});

test("the clock goes forward, and deadlines pass", async () => {
  await go("/clock");
  await page.locator("[name=amount]").fill("3");
  await page.locator("[name=unit]").selectOption("d");
  await page.getByRole("button", { name: "拨快" }).click();
  await page.getByText("3 天 0 小时 0 分").first().waitFor();
  await page.getByRole("button", { name: "7 天" }).click();
  await page.getByText("10 天 0 小时 0 分").first().waitFor();
  const { Users } = await call(credentials, "DescribeUsers", { Caller: caller(), UserIds: [(await call(credentials, "CreateUser", {
    Caller: caller(), OpenId: "later", Name: "李娜", IdCardType: "ID_CARD", IdCardNumber: "110101198503072027",
  })).UserId] });
  const ahead = Users[0].CreatedOn - Date.now() / 1000;
  assert.ok(Math.abs(ahead - 10 * 86400) < 600, `${ahead} s ahead`);
  await go("/rights");
  await page.getByText("平台时钟已拨快").waitFor();
  await go("/clock");
  await page.locator("[name=amount]").fill("9999");
  await page.getByRole("button", { name: "拨快" }).click();
  await page.getByText("最多五年").waitFor();
  await page.getByRole("button", { name: "恢复真实时间" }).click();
  await page.getByText("未拨动").waitFor();
  desk.check();
});

test("the keys of callbacks and the secret key are shown on demand", async () => {
  await go("/callbacks");
  assert.equal(await page.locator("main input[readonly]").count(), 0);
  await page.getByRole("button", { name: "显示" }).click();
  assert.match(await page.locator("main input[readonly]").inputValue(), /^\w{32}$/);
  await go("/connect");
  for (const name of ["Go", "Node.js", "Python", "Java", "PHP"]) await page.getByRole("heading", { name, exact: true }).waitFor();
  const text = await page.locator("#sample-node").textContent();
  assert.ok(text.includes(program.engine) && text.includes(credentials.secretId) && !text.includes(credentials.secretKey));
  assert.ok(!(await page.content()).includes(credentials.secretKey));
  await page.getByRole("button", { name: "显示密钥" }).click();
  await page.locator(`input[value="${credentials.secretKey}"]`).waitFor();
  assert.ok((await page.locator("#sample-go").textContent()).includes(credentials.secretKey));
  desk.check();
});

test("a check of a person gives the ticket, and catalogs are made", async () => {
  const { UserId } = await call(credentials, "CreateUserAndSeal", {
    Caller: caller(), OpenId: "face", Name: "林一帆", IdCardType: "ID_CARD", IdCardNumber: "110101190001010014", SourceIp: "127.0.0.1", Mobile: "13490000001",
  });
  await go("/faces");
  await page.locator("[name=user]").fill(UserId);
  await page.getByRole("button", { name: "打开核身页面" }).click();
  await page.waitForURL(/\/f\//);
  await go("/faces");
  await page.getByRole("cell", { name: "林一帆" }).waitFor();
  await page.getByText("等待中").waitFor();
  await go("/catalogs");
  await page.locator("[name=name]").fill("一组合同");
  await page.locator("[name=flows]").fill("没有这份合同");
  await page.getByRole("button", { name: "创建", exact: true }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.locator("[name=name]").inputValue(), "一组合同");
  await go("/identities?q=13490000003");
  assert.equal(await page.locator("tbody tr").count(), 1);
  desk.check();
});

test("nothing changes from another site, or without a session", async () => {
  const form = { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "by=24h", redirect: "manual" };
  const stranger = await fetch(base() + "/clock", form);
  assert.equal(stranger.status, 303);
  assert.equal(stranger.headers.get("location"), "/console/login");
  const cookie = (await desk.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  for (const more of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }]) {
    const answer = await fetch(base() + "/clock", { ...form, headers: { ...form.headers, ...more, Cookie: cookie } });
    assert.equal(answer.status, 403);
  }
  await go("/clock");
  await page.getByText("未拨动").waitFor();
  const answer = await page.request.get(base() + "/nothing");
  assert.equal(answer.status(), 404);
  assert.match(answer.headers()["content-security-policy"], /default-src 'none'; script-src 'self'; style-src 'self';/);
});

test("callbacks are logged and sent again", async () => {
  const got = [];
  let status = 500;
  const server = createServer((request, response) => {
    got.push(request.headers["content-signature"]);
    request.resume().on("end", () => response.writeHead(status).end());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    await flowThatCallsBack(`http://127.0.0.1:${server.address().port}/hook`);
    await go("/callbacks");
    await page.reload();
    await page.getByRole("link", { name: "start" }).click();
    await page.getByText("HTTP 500").waitFor();
    status = 200;
    await page.getByRole("button", { name: "重新发送" }).click();
    await page.getByText("已安排重新发送").waitFor();
    for (let i = 0; i < 100 && (await page.getByText("HTTP 200").count()) === 0; i++) await page.reload();
    await page.getByText("已送达").waitFor();
    assert.ok(got.length >= 2 && got.every((signature) => /^sha256=[0-9a-f]{64}$/.test(signature)));
  } finally {
    server.close();
  }
  desk.check();
});

test("every page in both languages, both looks and on a phone", async () => {
  const state = await desk.context.storageState();
  for (const options of [
    { ...desktop, colorScheme: "dark", locale: "en-GB" },
    { ...phone, colorScheme: "light", locale: "zh-CN" },
  ]) {
    const { context, check } = await newContext(browser, { ...options, storageState: state });
    const page = await context.newPage();
    await page.goto(base() + "/requests?failed=1");
    const detail = new URL(await page.locator("tbody a").first().evaluate((a) => a.href)).pathname.slice("/console".length);
    const paths = await page.locator("nav ul a").evaluateAll((links) => links.map((a) => new URL(a.href).pathname.slice("/console".length)));
    assert.equal(paths.length, 10);
    for (const path of [...paths, detail, "/callbacks/1", "/identities/new"]) {
      await page.goto(base() + path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
      assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /\bconsole\.(nav|time|state|requests?|callbacks?|rights?|clock|connect)\b/, `${path} shows a key`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${path} ${id}: ${node.target.join(" ")}`)), []);
    }
    check();
    await context.close();
  }
});

/** A contract that is sent to one person, with an address to call back. */
async function flowThatCallsBack(address) {
  const { plainPDF } = await import("../lib/pdf.js");
  const ok = async (action, request) => {
    const answer = await call(credentials, action, request);
    assert.ok(!answer.Error, JSON.stringify(answer.Error));
    return answer;
  };
  const { UserId } = await ok("CreateUserAndSeal", {
    Caller: caller(), OpenId: "caller", Name: "王小明", IdCardType: "ID_CARD", IdCardNumber: "440301198001010018", SourceIp: "127.0.0.1", Mobile: "13800000009",
  });
  const by = { ...caller(), OperatorId: UserId };
  const { FileIds } = await ok("UploadFiles", { Caller: by, BusinessType: "DOCUMENT", FileInfos: [{ FileBody: plainPDF(1).toString("base64"), FileName: "a.pdf" }] });
  const { FlowId } = await ok("CreateFlowByFiles", {
    Caller: by, FileIds, FlowInfo: { FlowName: "回调", Deadline: Math.floor(Date.now() / 1000) + 86400, CallbackUrl: address },
  });
  await ok("SendFlow", {
    Caller: by, FlowId, UserId, VerifyChannel: ["NONE"],
    SignComponents: [{ ComponentId: "s", ComponentType: "SIGN_SIGNATURE", ComponentPage: 1, ComponentPosX: 80, ComponentPosY: 600, FileIndex: 0 }],
  });
}
