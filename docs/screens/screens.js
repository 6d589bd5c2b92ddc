// Makes a screenshot of every page in the demo data: `node docs/screens/screens.js [FOLDER]`. Without a folder only the picture of the
// README is made anew; with one, every page in Chinese, light and dark, at 1440 and 390 px.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { desktop, launch, newContext, phone } from "../../test/lib/browser.js";
import { start } from "../../test/lib/sealdesk.js";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];

/** Pages by name; a function finds an address on the page before it. */
const pages = [
  ["overview", "/"],
  ["organizations", "/organizations"],
  ["organization", firstLink("/organizations", /^\/organizations\/[^/]{8,}$/)],
  ["organization-new", "/organizations/new"],
  ["users", "/users"],
  ["user", firstLink("/users", /^\/users\/[^/]{8,}$/)],
  ["user-new", "/users/new"],
  ["seals", "/seals"],
  ["seal", firstLink("/seals", /^\/seals\/[^/]{8,}$/)],
  ["seal-new", "/seals/new"],
  ["files", "/files"],
  ["file", firstLink("/files", /^\/files\/[^/]{8,}$/)],
  ["drafts", "/drafts"],
  ["draft-new", "/drafts/new"],
  ["builder", firstLink("/drafts", /^\/drafts\/[^/]{8,}\/builder$/)],
  ["flows", "/flows"],
  ["flow", linkNamed("/flows", "软件服务采购合同")],
  ["flow-archived", linkNamed("/flows", "品牌设计服务合同")],
  ["flow-rejected", linkNamed("/flows", "办公室装修合同")],
  ["audit", "/audit"],
  ["audit-event", firstLink("/audit", /^\/audit\/\d+$/)],
  ["accounts", "/accounts"],
  ["account-new", "/accounts/new"],
  ["account", "/account"],
  ["settings", "/settings"],
  ["not-found", "/nothing-here"],
];

function firstLink(list, pattern) {
  return async (page, url) => {
    await page.goto(url + list);
    const all = await page.locator("main a[href]").evaluateAll((links) => links.map((a) => new URL(a.href).pathname));
    return all.find((path) => pattern.test(path));
  };
}

function linkNamed(list, name) {
  return async (page, url) => {
    await page.goto(url + list);
    return new URL(await page.locator(`main a:has-text("${name}")`).first().evaluate((a) => a.href)).pathname;
  };
}

async function logIn(page, program) {
  const password = program.printed.match(/(?:password|密码均为) (\S+)/)[1];
  await page.goto(program.url + "/login");
  await page.locator("input[name=Name], input[name=name]").first().fill("admin");
  await page.locator("input[type=password]").fill(password);
  await page.locator("form:has(input[type=password]) button[type=submit]").click();
  await page.waitForURL(program.url + "/");
}

async function shoot(page, name) {
  await page.waitForLoadState("load");
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder ?? here, `${name}.png`), fullPage: Boolean(folder) });
}

const program = await start("serve", ["--demo"]);
const browser = await launch();
try {
  if (folder) mkdirSync(folder, { recursive: true });
  const looks = folder
    ? [["light", desktop, ""], ["dark", desktop, "-dark"], ["light", phone, "-phone"], ["dark", phone, "-phone-dark"]]
    : [["light", desktop, ""]];
  for (const [colorScheme, size, suffix] of looks) {
    const { context, problems } = await newContext(browser, { ...size, colorScheme }, [404]);
    const page = await context.newPage();
    if (folder) {
      await page.goto(program.url + "/login");
      await shoot(page, "login" + suffix);
    }
    await logIn(page, program);
    const wanted = folder ? pages : pages.filter(([name]) => name === "flow");
    for (const [name, where] of wanted) {
      const path = typeof where === "string" ? where : await where(page, program.url);
      if (!path) {
        console.log(`${name}: no link found`);
        continue;
      }
      await page.goto(program.url + path);
      await shoot(page, name + suffix);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) console.log(`${name}${suffix}: ${wide} px too wide`);
    }
    for (const problem of problems) console.log(problem);
    await context.close();
  }
} finally {
  await browser.close();
  await program.stop();
}
