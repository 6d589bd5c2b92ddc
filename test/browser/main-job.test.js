// The whole job as people do it: an administrator sets the portal up, registers, makes seals, builds and sends a contract; two people sign on
// their phones; the administrator watches, archives, downloads, and verifies the audit trail. Any console error fails it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, output, phone, proveWill } from "../lib/browser.js";
import { plainPDF } from "../lib/pdf.js";
import { boxOf, centre, isInk, isRed, renderPage } from "../lib/pixels.js";
import { binary, start, until } from "../lib/sealdesk.js";

const A = { name: "深圳市示例科技有限公司", number: "91440300MA5EXAMP1F", person: "王小明", idCard: "440301198001010018", mobile: "13800000001" };
const B = { name: "北京样例软件有限责任公司", number: "91110108MA01EXAM2F", person: "李娜", idCard: "110101198503072027", mobile: "13800000002" };
const contract = "软件服务采购合同";
const password = "correct horse battery staple";

let program, browser, admin, page;
// What the steps hand on to each other.
const dropped = {};
const links = {};
let flowURL, signedFile;

before(async () => {
  program = await start("serve", ["--simulate"]);
  browser = await launch();
  // 422 is what a form with a mistake answers; the browser reports it as an error of its own.
  admin = await newContext(browser, desktop, [422]);
  admin.context.setDefaultTimeout(15_000);
  page = await admin.context.newPage();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** Each step stands on the ones before: after a failure the rest only says so, instead of waiting for what cannot come. */
let failed = null;
function step(name, run) {
  test(name, async () => {
    if (failed) throw new Error(`the step "${failed}" failed`);
    failed = name;
    try {
      await run();
    } catch (error) {
      await page?.screenshot({ path: join(output, "failed.png"), fullPage: true }).catch(() => {});
      throw error;
    }
    failed = null;
  });
}

const go = (path) => page.goto(program.url + path);
const field = (name, where = page) => where.locator(`[name="${name}"]`);
const submit = (form = "main form") => page.locator(`${form} button[type=submit]`).first().click();
const heading = (text) => page.getByRole("heading", { level: 1, name: text }).waitFor();

/** Chooses the option whose text contains the words. */
async function choose(name, words) {
  const option = field(name).locator("option", { hasText: words }).first();
  await field(name).selectOption(await option.getAttribute("value"));
}

step("set-up with the token that the terminal shows", async () => {
  const address = program.printed.match(/http\S+\/setup\?token=\S+/)[0];
  await go("/");
  assert.match(page.url(), /\/(login|setup)/, "the portal is open before it is set up");
  await page.goto(address);
  await field("Name").fill("admin");
  if (await field("DisplayName").count()) await field("DisplayName").fill("陈静");
  for (const input of await page.locator("input[type=password]").all()) await input.fill(password);
  await submit();
  await page.waitForURL(program.url + "/");
  admin.check();
});

step("log out and in again", async () => {
  await page.locator('form[action="/logout"] button').first().click();
  await page.waitForURL(/\/login/);
  await field("Name").fill("admin");
  await field("Password").fill("not the password at all");
  await submit("form:has(input[type=password])");
  await page.locator("[role=alert], .notice").first().waitFor();
  await field("Password").fill(password);
  await submit("form:has(input[type=password])");
  await page.waitForURL(program.url + "/");
});

/** Confirms in the dialog that the identity was checked. */
async function verify() {
  await page.locator('button[command="show-modal"][commandfor="verify"]').click();
  await page.locator('dialog[open] form[action$="/verify"] button[type=submit]').click();
  await page.locator(".badge", { hasText: "已声明实名" }).first().waitFor();
}

async function fillOrganization(o) {
  await field("Name").fill(o.name);
  await field("OrganizationType").selectOption("ENTERPRISE");
  await field("IdCardType").selectOption("USCC");
  await field("IdCardNumber").fill(o.number);
  await field("LegalName").fill(o.person);
  await field("LegalIdCardType").selectOption("ID_CARD");
  await field("LegalIdCardNumber").fill(o.idCard);
}

step("register a sub-organisation; a mistake loses nothing that was typed", async () => {
  await go("/organizations/new");
  await fillOrganization(A);
  await field("LegalIdCardNumber").fill("   ");
  // As a browser without checks of its own would send it.
  await page.locator("main form").first().evaluate((form) => (form.noValidate = true));
  await submit();
  const bad = page.locator('[name="LegalIdCardNumber"][aria-invalid="true"]');
  await bad.waitFor();
  assert.equal(await field("Name").inputValue(), A.name, "a typed value was lost");
  assert.ok((await page.locator(".field-bad .problem").first().innerText()).trim(), "no message beside the field");
  await field("LegalIdCardNumber").fill(A.idCard);
  await submit();
  await heading(A.name);
});

step("verify it, and register another one in one go with its seal", async () => {
  await verify();

  await go("/organizations/new");
  await fillOrganization(B);
  await field("WithSeal").check();
  await submit();
  await heading(B.name);
  await page.locator(".badge", { hasText: "已声明实名" }).first().waitFor();
});

step("register the people who sign", async () => {
  for (const o of [A, B]) {
    await go("/users/new");
    await field("Name").fill(o.person);
    await field("IdCardType").selectOption("ID_CARD");
    await field("IdCardNumber").fill(o.idCard);
    await field("Mobile").fill(o.mobile);
    await choose("OrganizationID", o.name);
    await submit();
    await heading(o.person);
    await verify();
    const text = await page.locator("main").innerText();
    assert.ok(!text.includes(o.idCard) && !text.includes(o.mobile), "personal data is not masked");
  }
});

step("make a seal, seeing it while typing", async () => {
  await go("/seals/new");
  await choose("Owner", A.name);
  await field("SealType").selectOption("CONTRACT");
  const picture = page.locator("#preview svg path, .seal-preview svg path, [data-preview] svg path").first();
  await page.locator("main svg[viewBox] path").first().waitFor();
  const preview = () => page.locator("main .paper svg").first().innerHTML();
  const before = await until("the preview of the seal", async () => (await page.locator("main .paper svg").count()) && preview());
  await field("HorizontalText").fill("采购专用章");
  await until("the preview to follow what is typed", async () => (await preview()) !== before);
  await picture.count();
  await field("SealName").fill("采购合同专用章");
  await choose("OperatorID", A.person);
  await submit();
  await heading("采购合同专用章");
});

step("prepare a contract with two signers", async () => {
  await go("/drafts/new");
  await field("Name").fill(contract);
  await choose("OrganizationId", A.name);
  await choose("OperatorId", A.person);
  await field("Files").setInputFiles({ name: "采购合同.pdf", mimeType: "application/pdf", buffer: plainPDF(3) });
  await submit();
  await page.waitForURL(/\/people$/);
  for (const o of [A, B]) {
    await choose("UserId", o.person);
    await choose("OrganizationId", o.name);
    await page.locator("#person-form button[type=submit], #person-form button:not([type])").first().click();
    await page.locator("main .route li", { hasText: o.person }).first().waitFor();
  }
  await page.locator('main a[href$="/builder"]').last().click();
  await page.waitForURL(/\/builder$/);
});

/** Drags from the palette with the mouse and drops at a point of a page given in points; returns where the component lies, in points. */
async function drag(type, pageNumber, x, y) {
  const sheet = page.locator(`section.page[data-page="${pageNumber}"]`);
  await sheet.scrollIntoViewIfNeeded();
  const image = await sheet.locator("img").boundingBox();
  const scale = image.width / 595;
  const item = await page.locator(`.palette-item[data-type="${type}"]`).boundingBox();
  const ids = await page.locator("button.component").evaluateAll((all) => all.map((e) => e.dataset.id));
  await page.mouse.move(item.x + item.width / 2, item.y + item.height / 2);
  await page.mouse.down();
  const target = { x: image.x + x * scale, y: image.y + y * scale };
  await page.mouse.move((item.x + target.x) / 2, (item.y + target.y) / 2, { steps: 5 });
  await page.mouse.move(target.x, target.y, { steps: 10 });
  await page.mouse.up();
  const component = await until(`the dropped ${type}`, async () => {
    const all = await page.locator("button.component").evaluateAll((list) => list.map((e) => e.dataset.id));
    const id = all.find((one) => !ids.includes(one));
    return id && page.locator(`button.component[data-id="${id}"]`);
  });
  const box = await component.boundingBox();
  const now = await sheet.locator("img").boundingBox();
  return { page: pageNumber, x: (box.x - now.x) / scale, y: (box.y - now.y) / scale, width: box.width / scale, height: box.height / scale };
}

step("drag seals and a signature onto the pages", async () => {
  await page.locator("#builder-pages section.page img").nth(2).waitFor();
  const approver = page.locator("#builder-approver");
  const option = async (person) => approver.locator("option", { hasText: person }).first().getAttribute("value");
  await approver.selectOption(await option(A.person));
  dropped.sealA = await drag("SIGN_SEAL", 3, 173.3, 511.7);
  await approver.selectOption(await option(B.person));
  dropped.sealB = await drag("SIGN_SEAL", 2, 420.6, 333.1);
  dropped.handB = await drag("SIGN_SIGNATURE", 3, 411.9, 640.4);
  await page.screenshot({ path: join(output, "builder.png") });
  await page.locator("#builder-status", { hasText: /已保存|保存于|saved/ }).waitFor();
  await page.reload();
  await page.locator("button.component").nth(2).waitFor();
  assert.equal(await page.locator("button.component").count(), 3, "a component was not saved");
});

step("send it", async () => {
  await page.locator("#send").click();
  await page.waitForURL(/\/flows\/[0-9a-f]+$/);
  flowURL = page.url();
  await page.locator('#flow-state[data-state="1"], #flow-state[data-state="signing"]').waitFor();
  for (const o of [A, B]) {
    await page.goto(flowURL);
    await page.locator("li, .timeline-item", { hasText: o.person }).locator('form[action$="/link"] button').first().click();
    const open = page.locator('a[target="_blank"]').first();
    await open.waitFor();
    links[o.person] = await open.getAttribute("href");
    await page.locator("svg.qr path").waitFor({ state: "attached" });
  }
  assert.notEqual(links[A.person], links[B.person]);
  // From here on this page is only looked at: it must follow by itself.
  await page.goto(flowURL);
  admin.check();
});

step("the first signer seals on a phone, and the portal shows it without a reload", async () => {
  const reader = await newContext(browser, phone);
  const signer = await reader.context.newPage();
  await signer.goto(links[A.person]);
  await signer.getByText(contract).first().waitFor();
  assert.ok(await signer.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), "the page scrolls sideways");
  await proveWill(signer);
  await signer.locator("#f-Agree").check();
  await signer.screenshot({ path: join(output, "sign-phone.png"), fullPage: true });
  await signer.locator("[data-sign-submit]").click();
  await signer.locator("#sign").waitFor({ state: "detached" });
  reader.check();

  await page.locator(".timeline li, .timeline-item", { hasText: A.person }).locator(".badge", { hasText: "已签署" }).first().waitFor({ timeout: 15_000 });

  // The same link again: nothing to sign any more, said plainly.
  await signer.goto(links[A.person]);
  assert.equal(await signer.locator("#sign").count(), 0);
  await reader.context.close();
});

step("the second signer signs by hand", async () => {
  const reader = await newContext(browser, phone);
  const signer = await reader.context.newPage();
  await signer.goto(links[B.person]);
  const group = signer.locator("fieldset.sign-group", { has: signer.locator("[data-pad]") });
  await group.locator('label.seal-option:has(input[type=radio])').last().click();
  const canvas = group.locator("canvas");
  await canvas.scrollIntoViewIfNeeded();
  const pad = await canvas.boundingBox();
  await signer.mouse.move(pad.x + pad.width * 0.1, pad.y + pad.height * 0.2);
  await signer.mouse.down();
  for (const [x, y] of [[0.9, 0.2], [0.9, 0.8], [0.1, 0.8], [0.1, 0.2]]) {
    await signer.mouse.move(pad.x + pad.width * x, pad.y + pad.height * y, { steps: 12 });
  }
  await signer.mouse.up();
  await proveWill(signer);
  await signer.locator("#f-Agree").check();
  await signer.screenshot({ path: join(output, "sign-hand.png"), fullPage: true });
  await signer.locator("[data-sign-submit]").click();
  await signer.locator("#sign").waitFor({ state: "detached" });
  reader.check();
  await reader.context.close();
  await page.locator('form[action$="/archive"] button').waitFor({ timeout: 15_000 });
});

step("archive and download", async () => {
  await page.locator('form[action$="/archive"] button').click();
  await page.locator(".badge", { hasText: "已归档" }).first().waitFor();
  const download = page.waitForEvent("download");
  await page.locator("a[download]").first().click();
  signedFile = join(output, "contract-signed.pdf");
  await (await download).saveAs(signedFile);

  const report = execFileSync("pdfsig", [signedFile], { encoding: "utf8" });
  assert.equal(report.match(/Signature is Valid\./g)?.length, 2, report);
  execFileSync("qpdf", ["--check", signedFile]);
  execFileSync(binary, ["verify", signedFile, "--data", program.data]);
});

step("every mark lies within half a point of where it was dropped", () => {
  const near = { x: -10, y: -10, width: 20, height: 20 };
  const around = (box) => ({ x: box.x + near.x, y: box.y + near.y, width: box.width + near.width, height: box.height + near.height });
  for (const [name, colour] of [["sealA", isRed], ["sealB", isRed], ["handB", isInk]]) {
    const wanted = dropped[name];
    const drawn = boxOf(renderPage(signedFile, wanted.page), colour, around(wanted));
    assert.ok(drawn, `${name}: nothing is drawn at ${JSON.stringify(wanted)}`);
    const [is, was] = [centre(drawn), centre(wanted)];
    // A stroke by hand is cropped to its ink and centred in its box.
    assert.ok(Math.abs(is.x - was.x) <= 0.5 && Math.abs(is.y - was.y) <= 0.5, `${name}: drawn ${JSON.stringify(drawn)}, dropped ${JSON.stringify(wanted)}`);
  }
});

step("the audit trail tells it all and verifies", async () => {
  await go("/audit");
  await page.locator(".act-said", { hasText: `归档了合同《${contract}》` }).first().waitFor();
  await page.locator('form[action="/audit/verify"] button').click();
  await page.locator("main", { hasText: /完好|完整|未被改动|通过/ }).waitFor();
  await go("/audit");
  await page.locator("details.menu > summary", { hasText: "导出" }).click();
  const download = page.waitForEvent("download");
  await page.locator('a[href*="/audit/export"][href*="jsonl"]').click();
  const exported = join(output, "audit.jsonl");
  await (await download).saveAs(exported);
  execFileSync(binary, ["audit", "verify", "--export", exported, "--data", program.data]);
  execFileSync(binary, ["audit", "verify", "--data", program.data]);
  admin.check();
});

step("a proof is worked out in the browser, and a changed digit of what is shown is found", async () => {
  for (const path of ["/audit", "/evidence"]) {
    await go(`${path}/7`);
    const [check, told] = [page.locator("[data-proof-check] button"), page.locator("[data-proof-check] output")];
    await check.click();
    await told.filter({ hasText: "验算一致" }).waitFor();
    for (const shown of ["[data-proof-text]", "[data-proof-node] >> nth=0", "[data-proof-sibling] >> nth=0", "[data-proof-node] >> nth=-1"]) {
      const before = await page.locator(shown).evaluate((element) => {
        const text = element.textContent;
        const at = text.search(/[0-9]/);
        element.textContent = text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1);
        return text;
      });
      await check.click();
      await told.filter({ hasText: "验算不一致" }).waitFor();
      await page.locator(shown).evaluate((element, text) => (element.textContent = text), before);
      await check.click();
      await told.filter({ hasText: "验算一致" }).waitFor();
    }
  }
  admin.check();
});
