// Somebody links their account to an OpenID Connect server that nobody here wrote, signs in through it, and takes the link away.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, launch, newContext } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { freePort, start } from "../lib/sealdesk.js";
import { startIssuer } from "../oidc/issuer.js";

let program, browser, provider;

before(async () => {
  const port = await freePort();
  const [clientID, clientSecret] = ["sealdesk", "a secret of the test"];
  provider = await startIssuer({ clientID, clientSecret, redirect: `http://127.0.0.1:${port}/login/oidc/callback` });
  program = await start("serve", ["--demo", "--oidc-issuer", provider.issuer, "--oidc-client-id", clientID, "--oidc-client-secret", clientSecret, "--oidc-label", "测试身份"], port);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
  await provider?.stop();
});

/** Signs in on the server's own pages, and allows what the portal asks for. */
async function signInThere(page, name) {
  await page.waitForURL(`${provider.issuer}/**`);
  await page.locator("[name=login]").fill(name);
  await page.locator("[name=password]").fill("anything");
  await page.locator("button[type=submit]").click();
  await page.getByText("Continue").click();
}

test("an account is linked, signed in with through the server, and unlinked", async () => {
  const { context, problems } = await newContext(browser, desktop, [403]);
  const page = await context.newPage();
  await page.goto(program.url + "/login");
  await page.getByRole("link", { name: "以 测试身份 登录" }).waitFor();

  await page.getByRole("link", { name: "以 测试身份 登录" }).click();
  await signInThere(page, "lina");
  await page.getByText("还没有关联印台账号").waitFor();

  await logIn(page, program, "business");
  await page.goto(program.url + "/account");
  await page.getByRole("link", { name: "关联 测试身份" }).click();
  await page.waitForURL(program.url + "/account/oidc");
  await page.locator("[name=Current]").fill(program.printed.match(/(?:password|密码均为) (\S+)/)[1]);
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByRole("link", { name: "前往 测试身份" }).click(); // still signed in there: it sends back at once
  await page.getByText("下次可以用它登录").waitFor();
  assert.equal(page.url(), program.url + "/account/oidc");

  const session = async () => (await context.cookies(program.url)).find((cookie) => cookie.name === "sealdesk");
  const before = await session();
  await page.locator("header form[action='/logout'] button, form[action='/logout'] button").first().evaluate((button) => button.click());
  await page.waitForURL(program.url + "/login?left");
  await page.goto(program.url + "/flows");
  await page.getByRole("link", { name: "以 测试身份 登录" }).click();
  await page.waitForURL(program.url + "/flows");
  const now = await session();
  assert.notEqual(now.value, before.value);
  assert.equal(now.sameSite, "Lax");

  await page.goto(program.url + "/account/oidc");
  await page.getByRole("button", { name: "取消关联" }).first().click();
  await page.locator("dialog[open] button[type=submit], dialog[open] .button-danger").first().click();
  await page.getByText("已取消关联").waitFor();
  await context.clearCookies();
  await page.goto(program.url + "/login/oidc");
  await signInThere(page, "lina");
  await page.getByText("还没有关联印台账号").waitFor();
  assert.deepEqual(problems.filter((problem) => problem.startsWith(program.url)), []);
});
