// Lighthouse as on a phone, over the pages that people open most: `node test/lighthouse/lighthouse.js [name …]`. It prints a line for each page
// and fails where one misses its goal. The figure for performance depends on what else the machine does: it is the median of five runs, as
// Lighthouse's own guide to variability advises, and no part of `make test`.
import { existsSync } from "node:fs";
import { launch as launchChrome } from "chrome-launcher";
import lighthouse from "lighthouse";
import { desktop, launch, newContext } from "../lib/browser.js";
import { logIn, pages } from "../lib/pages.js";
import { start } from "../lib/sealdesk.js";

const goals = { performance: 99, accessibility: 100, "best-practices": 100 };
const runs = 5;
const wanted = process.argv.slice(2);
const portal = ["overview", "flows", "flow", "builder"];

/** Addresses of the pages, and the cookie that opens them. */
async function find(program) {
  const browser = await launch();
  try {
    const { context } = await newContext(browser, desktop, [404]);
    const page = await context.newPage();
    await logIn(page, program);
    const found = [["log-in", program.url + "/login", ""]];
    for (const name of portal) {
      const [, where] = pages.find(([each]) => each === name);
      const path = typeof where === "string" ? where : await where(page, program.url);
      found.push([name, program.url + path, (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ")]);
    }
    await page.goto(found.find(([name]) => name === "flow")[1]);
    await page.locator("form[action$='/link'] button").first().click();
    found.push(["signing page", await page.locator(".copy-text input").first().inputValue(), ""]);
    return found;
  } finally {
    await browser.close();
  }
}

const performance = ({ categories }) => categories.performance.score ?? 0;

async function measure(chrome, url, cookie) {
  const { lhr } = await lighthouse(url, { port: chrome.port, logLevel: "error", onlyCategories: Object.keys(goals), extraHeaders: cookie ? { Cookie: cookie } : {}, disableStorageReset: true });
  return lhr;
}

/** The first elements that an audit complains about. */
function where(audit) {
  const found = (audit.details?.items ?? []).flatMap((item) => item.node?.snippet ?? []);
  return found.slice(0, 3).map((snippet) => `\n      ${snippet}`).join("");
}

const chromePath = [process.env.CHROMIUM, "/usr/bin/chromium"].find((path) => path && existsSync(path));
const program = await start("serve", ["--demo"]);
let missed = 0;
try {
  const found = await find(program);
  const chrome = await launchChrome({ chromePath, chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
  try {
    for (const [name, url, cookie] of found) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const results = [];
      for (let i = 0; i < runs; i++) results.push(await measure(chrome, url, cookie));
      results.sort((a, b) => performance(a) - performance(b));
      const lhr = results[(runs - 1) / 2];
      const scores = Object.keys(goals).map((id) => [id, Math.round(100 * (id === "performance" ? performance(lhr) : Math.min(...results.map(({ categories }) => categories[id].score ?? 0))))]);
      const low = scores.filter(([id, score]) => score < goals[id]);
      const spread = `${Math.round(100 * performance(results[0]))} to ${Math.round(100 * performance(results[runs - 1]))}`;
      console.log(`${name.padEnd(14)} ${scores.map(([id, score]) => `${id} ${score}`).join(", ")} (performance ${spread})${low.length ? "  missed" : ""}`);
      if (low.length === 0) continue;
      missed++;
      for (const audit of Object.values(lhr.audits)) {
        if (audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode !== "informative") console.log(`   ${audit.id}: ${audit.displayValue ?? audit.title}${where(audit)}`);
      }
    }
  } finally {
    await chrome.kill();
  }
} finally {
  await program.stop();
}
process.exitCode = missed > 0 ? 1 : 0;
