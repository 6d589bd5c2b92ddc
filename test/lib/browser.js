// A real Chromium for the tests. A page that logs an error or breaks the content policy fails the test that opened it.
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const output = join(dirname(fileURLToPath(import.meta.url)), "..", "browser", "output");
export const desktop = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Debian's Chromium, without the calls home that a closed network would only answer with errors. */
export async function launch() {
  const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    (path) => path && existsSync(path),
  );
  if (!executablePath) throw new Error("no Chromium found: install the package chromium, or set CHROMIUM to its path");
  mkdirSync(output, { recursive: true });
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/**
 * A browser context whose pages collect what should not happen: console errors, uncaught exceptions, policy violations.
 * A 4xx answer that a test provokes on purpose is named in `expected` (status codes).
 */
export async function newContext(browser, options = desktop, expected = []) {
  const context = await browser.newContext({ locale: "zh-CN", timezoneId: "Asia/Shanghai", ...options });
  const problems = [];
  context.on("page", (page) => {
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const text = message.text();
      if (expected.some((status) => text.includes(`status of ${status}`))) return;
      problems.push(`${page.url()}: ${text} (${message.location().url})`);
    });
    page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.stack ?? error}`));
  });
  return {
    context,
    problems,
    /** Fails with everything that was collected. */
    check() {
      if (problems.length > 0) throw new Error(`the browser reported:\n${problems.join("\n")}`);
    },
  };
}

/** Asks for the code that shows a signer's will and fills it in, as simulation shows it in place; where nothing is asked, nothing is done. */
export async function proveWill(signer) {
  const ask = signer.locator("[data-send-code]");
  if ((await ask.count()) === 0) return;
  await ask.click();
  const message = signer.locator("[data-simulated-message]:not([hidden])", { hasText: /\d{6}/ });
  await message.waitFor();
  await signer.locator("[name=VerifyResult]").fill((await message.innerText()).match(/：(\d{6})/)[1]);
}
