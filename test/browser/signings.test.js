// A signer signs from their own account: an administrator binds it, the sender orders it, the signer finds the contract, proves once more who they
// are, and signs. Pages of another site that post in their name, with a browser that is logged in and has the contract open, change nothing.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, phone } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { start, until } from "../lib/sealdesk.js";

let program, browser, password;

before(async () => {
  program = await start("serve", ["--demo"]);
  password = program.printed.match(/(?:password|密码均为) (\S+)/)[1];
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** A page of another site (localhost is another one than 127.0.0.1) that posts a form as soon as it is opened. */
async function elsewhere(action, fields) {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  const page = `<!doctype html><form method="post" action="${action}">${inputs.join("")}</form><script>document.forms[0].submit()</script>`;
  const server = createServer((request, answer) => answer.writeHead(200, { "Content-Type": "text/html" }).end(request.url === "/" ? page : ""));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://localhost:${server.address().port}/`, close: () => new Promise((done) => server.close(done)) };
}

const state = (page) => page.locator(".sign-title .badge").innerText();

test("bound, ordered, found, proven, signed; nothing that another site posts", async () => {
  const admin = await newContext(browser, desktop);
  const desk = await admin.context.newPage();
  await logIn(desk, program);
  await desk.goto(program.url + "/accounts");
  await desk.locator("main a", { hasText: "compliance" }).first().click();
  const person = desk.locator("[name=PersonId]");
  await person.selectOption({ label: await person.locator("option", { hasText: "李娜" }).innerText() });
  await desk.locator("form[action$='/person'] button[type=submit]").click();
  await desk.locator(".side", { hasText: "解除绑定" }).waitFor();

  await desk.goto(program.url + "/drafts");
  const draft = program.url + (await desk.locator("main a[href$='/builder']").first().getAttribute("href")).replace("/builder", "");
  await desk.goto(draft + "/people/b");
  for (const box of await desk.locator("[name=Channel]").all()) await box.setChecked((await box.inputValue()) === "ACCOUNT");
  await desk.locator("main form button[type=submit]").first().click();
  await desk.waitForURL(draft + "/people");
  await desk.goto(draft + "/builder");
  await desk.locator("form[action$='/send'] button").first().click();
  await desk.waitForURL(/\/flows\/\w+/);
  await desk.locator(".timeline", { hasText: "已发送给 李娜" }).waitFor();
  assert.equal(await desk.locator("li, div", { hasText: "本人账号登录" }).locator("form[action$='/b/link']").count(), 0, "nobody is given her link");

  const own = await newContext(browser, phone, [403, 422]);
  const page = await own.context.newPage();
  await logIn(page, program, "compliance");
  await page.goto(program.url + "/signings");
  const open = page.locator("main form", { has: page.getByRole("button", { name: "去签署" }) });
  const opening = await open.evaluate((form) => form.action);

  // Another site cannot open it, not even with the right password: the browser says where the form comes from.
  const first = await elsewhere(opening, { Current: password });
  const answered = page.waitForResponse((answer) => answer.url() === opening);
  await page.goto(first.url).catch(() => {});
  assert.equal((await answered).status(), 403);
  assert.equal(await page.locator("[data-signing-open]").count(), 0);
  await first.close();

  await page.goto(program.url + "/signings");
  await open.getByRole("button").click();
  await page.locator("[name=Current]").fill("not the password");
  await page.locator("main form button[type=submit]").click();
  await page.locator(".field-bad").waitFor();
  await page.locator("[name=Current]").fill(password);
  await page.locator("main form button[type=submit]").click();
  await page.locator("[data-signing-open] button").click();
  await page.waitForURL(/\/s\/[\w-]+$/);
  await page.locator("#sign", { hasText: "(compliance)" }).waitFor();
  const signing = page.url();

  // With the contract open, another site cannot sign or refuse it in her name.
  const fields = await page.locator("#sign").evaluate((form) => Object.fromEntries(new FormData(form)));
  for (const act of ["sign", "reject"]) {
    const other = await elsewhere(`${signing}/${act}`, { ...fields, Agree: "on", Reason: "不同意" });
    const tab = await own.context.newPage();
    const refused = tab.waitForResponse((answer) => answer.url() === `${signing}/${act}`);
    await tab.goto(other.url).catch(() => {});
    assert.equal((await refused).status(), 403, act);
    await tab.close();
    await other.close();
  }
  await page.reload();
  assert.equal(await state(page), "待签署");

  // Once she has logged out, the page that is open signs nothing either.
  const second = await own.context.newPage();
  await second.goto(program.url + "/account");
  await second.evaluate(() => document.querySelector('form[action="/logout"]').requestSubmit());
  await second.waitForURL(/\/login/);
  await page.locator("[name=Agree]").check();
  await page.locator("[data-sign-submit]").click();
  await page.getByText("须由您登录本人账号签署").waitFor();
  assert.equal(await state(page), "待签署");

  await logIn(second, program, "compliance");
  await second.goto(program.url + "/signings");
  await second.getByRole("button", { name: "去签署" }).click();
  await second.locator("[name=Current]").fill(password);
  await second.locator("main form button[type=submit]").click();
  await second.locator("[data-signing-open] button").click();
  await second.locator("[name=Agree]").check();
  await second.locator("[data-sign-submit]").click();
  await until("the signature", async () => (await state(second)) === "已签署");
  await until("the portal to hear of it", async () =>
    (await second.goto(program.url + "/signings")) && (await second.getByText("没有等待您签署的合同").count()));
  admin.check();
  own.check();
});
