// Makes screenshots in the demo data: `node docs/screens/screens.js [FOLDER]`. Without a folder only the picture of the README is made
// anew; with one, every page of the portal, the page of a signer and the engine's console, in each of the looks below.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { desktop, launch, newContext, phone } from "../../test/lib/browser.js";
import { addresses, logIn, pages } from "../../test/lib/pages.js";
import { run, start } from "../../test/lib/sealdesk.js";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
const looks = [
  ["", desktop],
  ["-dark", { ...desktop, colorScheme: "dark" }],
  ["-phone", phone],
  ["-phone-dark", { ...phone, colorScheme: "dark" }],
  ["-tablet", { viewport: { width: 768, height: 1024 } }],
  ["-en", { ...desktop, locale: "en-GB" }],
  ["-en-phone", { ...phone, locale: "en-GB" }],
];

/** Addresses by name, of what the browser may open that has logged in to the portal and to the console. */
async function find(page, program) {
  const found = [["login", program.url + "/login"]];
  await logIn(page, program);
  for (const [name, path] of await addresses(page, program.url)) found.push([name, program.url + path]);
  await page.goto(found.find(([name]) => name === "flow")[1]);
  await page.locator("form[action$='/link'] button").first().click();
  found.push(["sign", await page.locator(".copy-text input").first().inputValue()]);
  await page.goto(run(["engine", "console", "--data", program.data, "--engine-listen", program.engine]).match(/http:\S+/)[0]);
  await page.locator("main form button").first().click();
  await page.waitForURL(/\/requests$/);
  const links = await page.locator("nav ul a").evaluateAll((all) => all.map(({ href }) => href));
  return [...found, ...links.map((address) => [`console-${address.split("/").pop()}`, address])];
}

async function shoot(page, address, name) {
  await page.goto(address);
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (const picture of document.images) {
      picture.loading = "eager";
      await picture.decode();
    }
  });
  await page.screenshot({ path: join(folder ?? here, `${name}.png`), fullPage: Boolean(folder) });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) console.log(`${name}: ${wide} px too wide`);
}

const program = await start("serve", ["--demo"]);
const browser = await launch();
try {
  const { context, problems } = await newContext(browser, desktop, [404]);
  const page = await context.newPage();
  if (!folder) {
    await logIn(page, program);
    const [, where] = pages.find(([name]) => name === "flow");
    await shoot(page, program.url + (await where(page, program.url)), "flow");
  } else {
    mkdirSync(folder, { recursive: true });
    const found = await find(page, program);
    const storageState = await context.storageState();
    for (const [suffix, look] of looks) {
      const { context, problems } = await newContext(browser, { ...look, storageState }, [404]);
      const page = await context.newPage();
      for (const [name, address] of found) {
        if (name === "login") await context.clearCookies();
        await shoot(page, address, name + suffix);
        if (name === "login") await context.addCookies(storageState.cookies);
      }
      for (const problem of problems) console.log(problem);
      await context.close();
    }
  }
  for (const problem of problems) console.log(problem);
} finally {
  await browser.close();
  await program.stop();
}
