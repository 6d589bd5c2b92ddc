// Walks every page of the demo data in both languages as each of the three roles, in both looks and from a desk's width to a phone's: no
// console error, nothing that axe finds, no sideways scroll, no text of the other language's catalogue. What a role may not open says so.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, phone } from "../lib/browser.js";
import { wrongWords } from "../lib/catalogues.js";
import { addresses, logIn } from "../lib/pages.js";
import { start } from "../lib/sealdesk.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const widths = [1440, 768, 390];

// The pages that a role may not open; every other one it may.
const setup = ["organization-new", "organization-import", "organization-edit", "user-new", "user-import", "user-edit", "seal-new", "seal-edit",
  "catalog-new", "identity-faces", "flow-destroy", "accounts", "account-new", "account-edit", "sessions", "requests", "request", "calls", "call",
  "settings", "configuration", "deliveries"];
const closed = {
  admin: [],
  business: [...setup, "audit", "audit-event"],
  compliance: [...setup, "identity", "identity-bank-card", "identity-face-link", "files", "file", "drafts", "draft-new", "draft-people", "builder",
    "draft-to-template", "templates", "template", "template-new", "template-use", "template-roles", "template-builder", "bulk", "batch", "bulk-new",
    "flow-restart"],
};

// Names in the sample data, and of parameters of the API, that are words of a catalogue, too.
const named = ["系统管理员", "业务经办", "合规审查", "合同专用章", "公章", "甲方", "乙方", "合同编号", "Mobile", "Deadline", "Sign"];

let program, browser, paths;
/** What axe has seen, by language and page: what the next role sees alike is not examined again. */
const examined = new Map();

before(async () => {
  // The provider of sign-ins is never asked here: its pages stand without it.
  program = await start("serve", ["--demo", "--oidc-issuer", "http://127.0.0.1:9", "--oidc-client-id", "desk", "--oidc-client-secret", "of a test"]);
  browser = await launch();
  const { context } = await newContext(browser, desktop, [404]);
  const page = await context.newPage();
  await logIn(page, program);
  paths = await addresses(page, program.url);
  await context.close();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** What axe finds wrong on the page, a line each. */
async function findings(page, rules) {
  const found = await page.evaluate(async (rules) => {
    // Fetching all styles once more serves rules alone that are off.
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"], preload: false, ...rules });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => [id, node.target.join(" ")]));
  }, rules);
  return found.map((one) => one.join(": "));
}

/** Everything that axe knows in the light; in the dark only what a colour can change. */
async function examine(page, note, looks) {
  // The content policy forbids scripts from elsewhere; the test's own one comes in beside it.
  await page.evaluate(axe);
  for (const colorScheme of looks) {
    await page.emulateMedia({ colorScheme });
    // A colour that is still on its way to that of the other look is none of either.
    await page.evaluate(() => document.getAnimations().forEach((one) => one.effect.getComputedTiming().endTime < Infinity && one.finish()));
    const rules = colorScheme === looks[0] ? { rules: { "target-size": { enabled: true } } } : { runOnly: ["color-contrast", "link-in-text-block"] };
    for (const finding of await findings(page, rules)) note(`${colorScheme}: ${finding}`);
  }
}

/** Every text of the page, shown or only read aloud. */
const textsOf = (page) =>
  page.evaluate(() => {
    const all = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest("script, style, template, pre, code, kbd, [translate=no], [lang]:not(html)") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    while (walker.nextNode()) all.push(walker.currentNode.data);
    const named = ["aria-label", "title", "placeholder", "alt", "aria-description"];
    for (const e of document.querySelectorAll(named.map((name) => `body [${name}]`).join())) {
      if (!e.closest("[translate=no], [lang]:not(html)")) all.push(...named.map((name) => e.getAttribute(name) ?? ""));
    }
    return all;
  });

/** The elements of the page's own part, without the words in it and what differs at each request. */
const shapeOf = (page) => page.locator("main").first().evaluate((main) => main.outerHTML.replace(/>[^<]+|(value|title|datetime)="[^"]*"|\b[0-9a-f]{16,}\b|\d+/g, ">"));

async function visit(page, role, language, [title, path], problems) {
  const note = (text) => problems.push(`${title} (${path}): ${text}`);
  const answer = await page.goto(program.url + path);
  const wanted = title === "not-found" ? 404 : closed[role].includes(title) ? 403 : 200;
  if (answer.status() !== wanted) note(`answers ${answer.status()} instead of ${wanted}`);
  assert.equal(await page.locator("html").getAttribute("lang"), language);
  if (wanted !== 200 && (await page.locator("main h1").count()) + (await page.locator('main a[href="/"]').count()) < 2) note("says no more than a status");
  for (const wrong of wrongWords(language, await textsOf(page), named)) note(wrong);
  for (const width of widths) {
    await page.setViewportSize({ ...desktop.viewport, width });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) note(`${wide} px too wide at ${width} px`);
  }
  await page.setViewportSize(desktop.viewport);
  const known = `${language} ${wanted === 200 ? title : wanted}`;
  const shape = await shapeOf(page);
  if (examined.get(known) === shape) return;
  examined.set(known, shape);
  await examine(page, note, ["light", "dark"]);
  await page.emulateMedia({ colorScheme: "light" });
}

async function walk(role, language) {
  const { context, check } = await newContext(browser, { ...desktop, colorScheme: "light", locale: language }, [403, 404]);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const problems = [];
  await logIn(page, program, role);
  for (const one of paths) await visit(page, role, language, one, problems);
  assert.ok(problems.length === 0, problems.join("\n"));
  check();
  await context.close();
}

for (const role of Object.keys(closed)) {
  test(`as ${role}`, { concurrency: 2 }, async (t) => {
    // Side by side: there are two processors, and a page does not care who else is read.
    await Promise.all(["zh-CN", "en"].map((language) => t.test(language, () => walk(role, language))));
  });
}

test("by touch on a phone, in the dark", async () => {
  const { context, check } = await newContext(browser, { ...phone, colorScheme: "dark", locale: "zh-CN" }, [404]);
  const problems = [];
  const first = await context.newPage();
  await logIn(first, program);
  const rest = [...paths];
  const read = async (page) => {
    for (let one = rest.shift(); one; one = rest.shift()) {
      await page.goto(program.url + one[1]);
      await examine(page, (text) => problems.push(`${one[0]} (${one[1]}): ${text}`), ["dark"]);
    }
  };
  await Promise.all([read(first), read(await context.newPage())]);
  assert.ok(problems.length === 0, problems.join("\n"));
  check();
  await context.close();
});
