// Makes a screenshot of every page in the demo data: `node docs/screens/screens.js [FOLDER]`. Without a folder only the picture of the
// README is made anew; with one, every page in Chinese, light and dark, at 1440 and 390 px.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { desktop, launch, newContext, phone } from "../../test/lib/browser.js";
import { logIn, pages } from "../../test/lib/pages.js";
import { start } from "../../test/lib/sealdesk.js";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];

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
