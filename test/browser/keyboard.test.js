// The whole job with the keyboard alone: from logging in to the downloaded contract, nothing is clicked. At every stop of the way the focus can
// be seen, and no answer of the server ever takes it away.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, output, proveWill } from "../lib/browser.js";
import { plainPDF } from "../lib/pdf.js";
import { start, until } from "../lib/sealdesk.js";

const organization = { name: "深圳市示例科技有限公司", number: "91440300MA5EXAMP1F" };
const people = [
  { name: "王小明", idCard: "440301198001010018", mobile: "13800000001", for: organization.name },
  { name: "李娜", idCard: "110101198503072027", mobile: "13800000002" },
];
const password = "correct horse battery staple";
const contract = "软件服务采购合同";

let program, browser, admin, page;

before(async () => {
  program = await start("serve", ["--simulate"]);
  browser = await launch();
  admin = await newContext(browser, desktop);
  admin.context.setDefaultTimeout(15_000);
  page = await admin.context.newPage();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** What has the focus, and what is wrong with that: nothing has it, it cannot be seen, or it lies outside the window. */
const stop = (on) =>
  on.evaluate(() => {
    const element = document.activeElement;
    const name = `${element.tagName.toLowerCase()} ${element.name ?? element.id ?? ""} “${(element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 30)}”`;
    if (element === document.body) return "nothing has the focus";
    // A file field lies under its button, which shows the focus in its stead.
    const shown = element.matches(".file-input") ? element.nextElementSibling : element;
    const { outlineStyle, outlineWidth } = getComputedStyle(shown);
    const line = element instanceof SVGElement ? getComputedStyle(element.querySelector("rect")).strokeWidth : outlineStyle === "none" ? "0" : outlineWidth;
    if (parseFloat(line) < 2) return `the focus on ${name} cannot be seen`;
    const box = shown.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) return `${name} has the focus outside the window`;
    return null;
  });

/** Goes with Tab (or another key) to the element, looking at each stop on the way. */
async function reach(where, key = "Tab", on = page) {
  const target = typeof where === "string" ? on.locator(where).first() : where;
  await target.waitFor({ state: "attached" });
  for (let steps = 0; steps < 150; steps++) {
    if (await target.evaluate((element) => element === document.activeElement)) return target;
    await on.keyboard.press(key);
    const wrong = await stop(on);
    if (wrong) throw new Error(`on the way to ${where}: ${wrong}`);
  }
  throw new Error(`${key} never comes to ${where}`);
}

/** Opens a page by a link or button. */
async function follow(where, address, key = "Tab") {
  await reach(where, key);
  await page.keyboard.press("Enter");
  await page.waitForURL(address);
  await page.waitForLoadState();
  await focused();
}

/** A page that was loaded begins with nothing focused; one that htmx swapped in must not leave the focus nowhere. */
const focused = () =>
  until("the focus on the new page", () => page.evaluate(() => document.activeElement !== document.body || performance.getEntriesByType("navigation")[0].name === location.href), 5_000);

const back = "Shift+Tab";
const field = (name) => `main [name="${name}"]`;

async function type(name, text) {
  await reach(field(name));
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}

/** Chooses in a list with the arrows. */
async function choose(where, words, key = "Tab") {
  const list = await reach(where, key);
  const chosen = () => list.evaluate((select) => select.selectedOptions[0]?.textContent ?? "");
  await page.keyboard.press("Home");
  for (let steps = 0; !(await chosen()).includes(words); steps++) {
    assert.ok(steps < 30, `${where} does not offer ${words}`);
    await page.keyboard.press("ArrowDown");
  }
}

async function onPage(title) {
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await focused();
}

let failed = null;
function step(name, run) {
  test(name, async () => {
    if (failed) throw new Error(`the step "${failed}" failed`);
    failed = name;
    try {
      await run();
    } catch (error) {
      await page.screenshot({ path: join(output, "keyboard-failed.png") }).catch(() => {});
      throw error;
    }
    failed = null;
  });
}

step("set up the portal, log out and log in", async () => {
  await page.goto(program.printed.match(/http\S+\/setup\?token=\S+/)[0]);
  await type("Name", "admin");
  for (const input of await page.locator("main input[type=password]").all()) {
    await reach(input);
    await page.keyboard.type(password);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(program.url + "/");
  await follow('form[action="/logout"] button', /\/login/, back);
  await type("Name", "admin");
  await type("Password", password);
  await page.keyboard.press("Enter");
  await page.waitForURL(program.url + "/");
});

step("skip the menu", async () => {
  await page.goto(program.url + "/");
  await page.keyboard.press("Tab");
  assert.equal(await stop(page), null);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
});

step("register an organisation and verify it in the dialog, which gives the focus back", async () => {
  await follow('nav a[href="/organizations"]', /\/organizations$/, back);
  await follow('main a[href="/organizations/new"]', /\/organizations\/new$/);
  await type("Name", organization.name);
  await type("IdCardNumber", organization.number);
  await type("LegalName", people[0].name);
  await type("LegalIdCardNumber", people[0].idCard);
  await page.keyboard.press("Enter");
  await onPage(organization.name);
  await reach('button[command="show-modal"][commandfor="verify"]');
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("commandfor")), "verify");
  await page.keyboard.press("Enter");
  await reach('dialog[open] form[action$="/verify"] button[type=submit]');
  await page.keyboard.press("Enter");
  await page.locator(".badge", { hasText: "已声明实名" }).first().waitFor();
});

step("register the people who sign, with a signature", async () => {
  for (const one of people) {
    await follow('nav a[href="/users"]', /\/users$/, back);
    await follow('main a[href="/users/new"]', /\/users\/new$/);
    await type("Name", one.name);
    await type("IdCardNumber", one.idCard);
    await type("Mobile", one.mobile);
    if (one.for) await choose(field("OrganizationID"), one.for);
    await reach(field("WithSeal"));
    await page.keyboard.press("Space");
    await reach("main form button[type=submit]");
    await page.keyboard.press("Enter");
    await onPage(one.name);
  }
});

step("make a seal; its preview leaves the focus alone", async () => {
  await follow('nav a[href="/seals"]', /\/seals$/, back);
  await follow('main a[href="/seals/new"]', /\/seals\/new/);
  await choose(field("Owner"), organization.name);
  await page.locator("main .paper svg").first().waitFor();
  await type("SealName", "采购合同专用章");
  await type("HorizontalText", "采购专用章");
  await until("the preview", async () => (await page.locator("main .paper svg").count()) > 0);
  assert.equal(await page.evaluate(() => document.activeElement.name), "HorizontalText");
  await choose(field("OperatorID"), people[0].name);
  await reach("main form button[type=submit]");
  await page.keyboard.press("Enter");
  await onPage("采购合同专用章");
});

step("prepare a contract with a file and two signers", async () => {
  await follow('nav a[href="/drafts"]', /\/drafts$/, back);
  await follow('main a[href="/drafts/new"]', /\/drafts\/new/);
  await type("Name", contract);
  await choose(field("OrganizationId"), organization.name);
  await choose(field("OperatorId"), people[0].name);
  const files = await reach(field("Files"));
  // The dialog of the system is not the portal's.
  await files.setInputFiles({ name: "采购合同.pdf", mimeType: "application/pdf", buffer: plainPDF(3) });
  await reach("main form button[type=submit]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/people$/);
  for (const one of people) {
    await choose("#person-form [name=UserId]", one.name);
    if (one.for) await choose("#person-form [name=OrganizationId]", one.for);
    await reach("#person-form button[type=submit], #person-form button:not([type])");
    await page.keyboard.press("Enter");
    await page.locator("main .route li", { hasText: one.name }).first().waitFor();
  }
  await follow(page.locator('main a[href$="/builder"]').last(), /\/builder$/);
});

step("place a component for each and send", async () => {
  const places = ["SIGN_SEAL", "SIGN_SIGNATURE"];
  for (const [i, one] of people.entries()) {
    await choose("#builder-approver", one.name, i === 0 ? "Tab" : back);
    await reach(`.palette-item[data-type=${places[i]}]`);
    await page.keyboard.press("Enter");
    await page.locator("button.component").nth(i).waitFor();
    assert.ok(await page.evaluate(() => document.activeElement.matches("button.component")), "the new component has not the focus");
    for (let steps = 0; steps < 12 * i; steps++) await page.keyboard.press("Shift+ArrowDown");
  }
  await page.locator("#builder-status[data-state=saved]").waitFor();
  await page.locator("#preflight .notice-ok").waitFor();
  await follow("#send button", /\/flows\/[0-9a-f]+$/, back);
});

step("each signs on their own page", async () => {
  const flow = page.url();
  await page.locator('#flow-state[data-state="1"], #flow-state[data-state="signing"]').waitFor();
  for (const one of people) {
    await page.goto(flow);
    await reach(page.locator("li", { hasText: one.name }).locator('form[action$="/link"] button').first());
    await page.keyboard.press("Enter");
    const link = await reach('a[target="_blank"]');
    const reader = await newContext(browser, desktop);
    const signer = await reader.context.newPage();
    await signer.goto(await link.getAttribute("href"));
    await proveWill(signer);
    await reach("#f-Agree", "Tab", signer);
    await signer.keyboard.press("Space");
    await reach("[data-sign-submit]", "Tab", signer);
    await signer.keyboard.press("Enter");
    await signer.locator("#sign").waitFor({ state: "detached" });
    reader.check();
    await reader.context.close();
  }
  await page.goto(flow);
});

step("archive and download", async () => {
  await reach('form[action$="/archive"] button');
  await page.keyboard.press("Enter");
  await page.locator(".badge", { hasText: "已归档" }).first().waitFor();
  await reach("a[download]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  const file = join(output, "keyboard-signed.pdf");
  await download.saveAs(file);
  assert.equal(execFileSync("pdfsig", [file], { encoding: "utf8" }).match(/Signature is Valid\./g)?.length, 2);
  admin.check();
});
