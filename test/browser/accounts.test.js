// An administrator invites somebody, who chooses a password, sets two-step sign-in up, signs in with a code and, without the phone, with a
// recovery code.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, phone } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { start, until } from "../lib/sealdesk.js";

const password = "correct horse battery staple";

let program, browser;

before(async () => {
  program = await start("serve", ["--demo"]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** The bytes of a text in base 32. */
function fromBase32(text) {
  let bits = "";
  for (const letter of text) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** What an authenticator app shows for a secret in a time step (RFC 6238), by itself and not by the program's own code. */
function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const currentStep = () => Math.floor(Date.now() / 30_000);

test("invited, a password chosen, two-step sign-in, a recovery code", async () => {
  const admin = await newContext(browser, desktop);
  const desk = await admin.context.newPage();
  await logIn(desk, program);
  await desk.goto(program.url + "/accounts/new");
  await desk.locator("[name=Name]").fill("lina");
  await desk.locator("[name=DisplayName]").fill("李娜");
  await desk.locator("main form button[type=submit]").click();
  await desk.locator("svg.qr").waitFor();
  const link = await desk.locator(".copy-text input").inputValue();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/welcome\?token=[\w-]{43}$/);

  const own = await newContext(browser, phone, [404, 422]);
  const page = await own.context.newPage();
  await page.goto(link);
  await page.getByText("李娜，你好").waitFor();
  await page.locator("[name=Password]").fill(password);
  await page.locator("[name=Repeat]").fill(password);
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL(program.url + "/");
  await page.goto(link);
  await page.getByText("这个链接已失效").waitFor();

  await page.goto(program.url + "/account/factor");
  const secret = await page.locator(".copy-text input").inputValue();
  const first = currentStep();
  await page.locator("[name=Code]").fill(codeOf(secret, first));
  await page.locator("main form button[type=submit]").click();
  await page.locator(".recovery code").first().waitFor();
  const codes = await page.locator(".recovery code").allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "下载恢复码" }).click();
  assert.deepEqual(readFileSync(await (await download).path(), "utf8").trim().split("\n"), codes);

  const enter = async (code) => {
    await page.goto(program.url + "/account");
    await own.context.clearCookies();
    await page.goto(program.url + "/login");
    await page.locator("[name=Name]").fill("lina");
    await page.locator("[name=Password]").fill(password);
    await page.locator("main form button[type=submit]").click();
    await page.waitForURL(program.url + "/login/code");
    await page.locator("[name=Code]").fill(code());
    await page.locator("main form button[type=submit]").click();
  };
  // The code of the enrolment was used: another one is there with the next step.
  await until("the next code", async () => currentStep() > first, 40_000);
  await enter(() => codeOf(secret, currentStep()));
  await page.waitForURL(program.url + "/");
  await page.getByText("上次登录").waitFor();
  await enter(() => codes[7].toLowerCase());
  await page.waitForURL(program.url + "/");
  await enter(() => codes[7]);
  await page.getByText("或已经用过").waitFor();

  await desk.goto(program.url + "/accounts");
  assert.match(await desk.locator("tr", { hasText: "lina" }).innerText(), /已开启/);
  admin.check();
  own.check();
});
