// Walks every page of the demo data in both languages, both looks and on a phone: no console error, nothing that axe finds, no sideways
// scroll, no text of the other language's catalogue.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, phone } from "../lib/browser.js";
import { logIn, pages } from "../lib/pages.js";
import { start } from "../lib/sealdesk.js";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const walks = [
  { name: "Chinese, light", options: { ...desktop, colorScheme: "light", locale: "zh-CN" }, language: "zh-CN" },
  { name: "English, dark", options: { ...desktop, colorScheme: "dark", locale: "en-GB" }, language: "en" },
  { name: "Chinese, dark, on a phone", options: { ...phone, colorScheme: "dark", locale: "zh-CN" }, language: "zh-CN" },
];

let program, browser;

before(async () => {
  // The provider of sign-ins is never asked here: its pages stand without it.
  program = await start("serve", ["--demo", "--oidc-issuer", "http://127.0.0.1:9", "--oidc-client-id", "desk", "--oidc-client-secret", "of a test"]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** What axe finds wrong on the page, a line each. */
async function findings(page) {
  // The content policy forbids scripts from elsewhere; the test's own one comes in beside it.
  await page.evaluate(await sourceOfAxe());
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}`));
}

let source;
async function sourceOfAxe() {
  source ??= (await import("node:fs")).readFileSync(axe, "utf8");
  return source;
}

for (const { name, options, language } of walks) {
  test(name, async () => {
    const { context, check } = await newContext(browser, options, [404]);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const problems = [];
    await logIn(page, program);
    for (const [title, where] of pages) {
      const path = typeof where === "string" ? where : await where(page, program.url);
      assert.ok(path, `no link to ${title} was found`);
      await page.goto(program.url + path);
      const note = (text) => problems.push(`${title} (${path}): ${text}`);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) note(`${wide} px too wide`);
      const words = await page.evaluate(() => document.body.innerText);
      for (const [key] of words.matchAll(/\b[a-z]+(\.[a-z_]+){2,}\b/g)) {
        if (/^(flows|seals|users|files|audit|builder|canvas|common|organizations|accounts|settings|overview|sign|errors|validation)\./.test(key)) note(`a key instead of a text: ${key}`);
      }
      for (const finding of await findings(page)) note(finding);
    }
    assert.deepEqual(problems, []);
    check();
    await context.close();
  });
}
