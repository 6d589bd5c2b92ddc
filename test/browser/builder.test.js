// The builder as people use it: by mouse, by touch, by keyboard alone, two of them at once, and with a connection that comes and goes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { desktop, launch, newContext, output, phone } from "../lib/browser.js";
import { logIn } from "../lib/pages.js";
import { boxOf, isRed, renderPage } from "../lib/pixels.js";
import { start, until } from "../lib/sealdesk.js";

let program, browser, desk, page, builder;

before(async () => {
  program = await start("serve", ["--demo"]);
  browser = await launch();
  // 409 is what a save answers after somebody else's.
  desk = await newContext(browser, desktop, [409]);
  desk.context.setDefaultTimeout(20_000);
  page = await desk.context.newPage();
  await logIn(page, program);
  await page.goto(`${program.url}/drafts`);
  builder = await page.locator("main a[href$='/builder']").first().evaluate((link) => link.href);
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** Opens the builder with these components and no others; returns the approvers and pages that it knows. */
async function open(on = page, components = []) {
  await on.goto(builder);
  const data = await on.evaluate(async (all) => {
    const root = document.getElementById("builder");
    const known = JSON.parse(document.getElementById("builder-data").textContent);
    const body = JSON.stringify({ revision: Number(root.dataset.revision), components: all.map((one) => ({ approver: known.approvers[0].id, ...one })) });
    const answer = await fetch(root.dataset.save, { method: "PUT", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
    return known;
  }, components);
  await on.reload();
  await on.locator("#builder-panel > [data-when=none]").waitFor();
  return data;
}

/** What the server has, once everything is saved. */
async function saved(on = page) {
  await on.locator("#builder-status[data-state=saved]").waitFor();
  const html = await (await on.request.get(builder)).text();
  return JSON.parse(html.match(/<script id="builder-data"[^>]*>([^<]*)</)[1]).components;
}

const text = (id, x, y, more = {}) => ({ id, type: "TEXT", fileIndex: 0, page: 1, x, y, width: 140, height: 20, required: false, name: "", value: id, ...more });
const component = (id, on = page) => on.locator(`button.component[data-id="${id}"]`);
const sheet = (number, on = page) => on.locator(`section.page[data-page="${number}"]`);
const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

/** The place on the screen of a point of a page. */
async function at(number, x, y, on = page) {
  const box = await sheet(number, on).boundingBox();
  const points = await on.evaluate((n) => JSON.parse(document.getElementById("builder-data").textContent).files[0].pages[n - 1], number);
  return { x: box.x + (x / points.width) * box.width, y: box.y + (y / points.height) * box.height };
}

async function dragTo(from, to, { alt = false } = {}) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  if (alt) await page.keyboard.down("Alt");
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
  if (alt) await page.keyboard.up("Alt");
}

test("dragged from the palette, a seal snaps to the page's centre to a hundredth of a point, and with Alt it does not", async () => {
  const { files } = await open();
  const [{ width }] = files[0].pages;
  const item = middle(await page.locator(".palette-item[data-type=SIGN_SEAL]").boundingBox());
  await dragTo(item, await at(1, width / 2 + 2.5, 320));
  await dragTo(item, await at(1, width / 2 + 2.5, 480), { alt: true });
  assert.equal(await page.locator(".toast").count(), 0, "placing copied something to the clipboard");
  const [snapped, free] = await saved();
  assert.equal(snapped.x, Math.round(((width - 119) / 2) * 100) / 100);
  assert.ok(Math.abs(free.x - (width - 119) / 2 - 2.5) < 1, `with Alt it lies at ${free.x}`);
  assert.notEqual(free.x, snapped.x);
  desk.check();
});

test("dragged past the pane's edge a component scrolls to the next page; one undo brings it back exactly", async () => {
  await open(page, [text("a", 100, 300)]);
  const before = await saved();
  const from = middle(await component("a").boundingBox());
  const pane = await page.locator("#builder-pages").boundingBox();
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x, pane.y + pane.height - 6, { steps: 8 });
  await until("the next page to come", async () => (await sheet(2).boundingBox()).y < pane.y + pane.height / 3);
  await page.mouse.move(from.x, pane.y + pane.height / 2); // away from the edge, where it stands still
  // Twice, since a last step of the scrolling may come between measuring and moving.
  for (const target of [await at(2, 200, 200), null]) {
    const { x, y } = target ?? (await at(2, 200, 200));
    await page.mouse.move(x, y, { steps: 4 });
  }
  await page.mouse.up();
  const [moved] = await saved();
  assert.equal(moved.page, 2);
  assert.ok(Math.abs(moved.x + 70 - 200) < 7 && Math.abs(moved.y + 10 - 200) < 7, JSON.stringify(moved));
  await page.locator("[data-command=undo]").click();
  assert.deepEqual(await saved(), before);
});

test("zooming leaves the components byte for byte as they are and saves nothing", async () => {
  await open(page, [text("a", 101.13, 300.07)]);
  const before = JSON.stringify(await saved());
  let saves = 0;
  page.on("request", (request) => (saves += request.method() === "PUT"));
  for (const command of ["zoom-in", "zoom-in", "zoom-out", "fit"]) await page.locator(`[data-command=${command}]`).click();
  const wide = await sheet(1).boundingBox();
  const pane = await page.locator("#builder-pages").boundingBox();
  assert.ok(wide.width <= pane.width && wide.width > pane.width * 0.85, "the page does not fit the width");
  const pointer = middle(pane);
  await page.mouse.move(pointer.x, pointer.y);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, 120);
  await page.keyboard.up("Control");
  await until("the wheel to zoom", async () => (await sheet(1).boundingBox()).width < wide.width * 0.9);
  assert.equal(JSON.stringify(await saved()), before);
  assert.equal(saves, 0);
});

test("by keyboard alone: place, move, resize, copy, select, delete and undo, each of it announced", async () => {
  await open();
  const live = page.locator("#builder-live");
  await page.locator(".palette-item[data-type=TEXT]").focus();
  await page.keyboard.press("Enter");
  await until("the placing to be told", async () => (await live.textContent()).startsWith("已放置"));
  const [placed] = await saved();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Alt+ArrowRight");
  const [moved] = await saved();
  assert.deepEqual([moved.x, moved.y, moved.width], [placed.x + 1, placed.y + 10, placed.width + 1].map((n) => Math.round(n * 100) / 100));
  assert.match(await live.textContent(), /宽/);
  await page.keyboard.press("Control+d");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+v");
  assert.equal((await saved()).length, 3);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await until("an empty page", async () => (await page.locator("button.component").count()) === 0);
  await page.keyboard.press("Control+z");
  assert.equal((await saved()).length, 3);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".component.selected").count(), 0);
});

test("by touch on a phone: dragged from the palette, then moved by a finger", async () => {
  await open();
  const hand = await newContext(browser, { ...phone, storageState: await desk.context.storageState() });
  hand.context.setDefaultTimeout(20_000);
  const small = await hand.context.newPage();
  await small.goto(builder);
  await small.locator("#builder-panel > [data-when=none]").waitFor({ state: "attached" });
  const client = await hand.context.newCDPSession(small);
  const touch = (type, ...touchPoints) => client.send("Input.dispatchTouchEvent", { type, touchPoints });
  const drag = async (from, to) => {
    await touch("touchStart", from);
    for (let step = 1; step <= 8; step++) await touch("touchMove", { x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 });
    await touch("touchEnd");
  };
  await sheet(1, small).evaluate((section) => section.scrollIntoView({ block: "start" }));
  const [width, top] = [await small.evaluate(() => innerWidth), await small.locator(".builder-tools").evaluate((bar) => bar.getBoundingClientRect().bottom)];
  await drag(middle(await small.locator(".palette-item[data-type=SIGN_SIGNATURE]").boundingBox()), { x: width / 2 + 40, y: top + 150 });
  const [placed] = await saved(small);
  assert.equal(placed.type, "SIGN_SIGNATURE");
  const from = middle(await component(placed.id, small).boundingBox());
  await drag(from, { x: from.x - 60, y: from.y + 90 });
  const moved = await until("the move to be saved", async () => (await saved(small)).find(({ y }) => y > placed.y + 20));
  assert.ok(moved.x < placed.x && moved.width === placed.width, JSON.stringify(moved));
  hand.check();
  await hand.context.close();
});

test("a keyword shows its places on the pages before anything is put there; moved, its component stands by coordinates", async () => {
  await open();
  await page.locator("summary", { hasText: "按关键字" }).click();
  await page.locator("#find-keyword").fill("甲方");
  await page.locator("[data-find=keyword]").click();
  await page.locator(".hit").first().waitFor({ state: "attached" });
  const hits = await page.locator(".hit").count();
  assert.ok(hits > 2 && (await page.locator(".hit-box").count()) === hits, `${hits} hits`);
  assert.equal(await page.locator("button.component").count(), 0);
  await page.locator("[data-find=last]").click();
  await page.locator("#find-type").selectOption("TEXT");
  await page.locator("#find-location").selectOption("Right");
  await page.locator("[name=offsetX]").fill("12.5");
  await page.locator("[name=keep]").check();
  const shown = await page.locator(".hit-box").boundingBox();
  await page.screenshot({ path: join(output, "builder-keyword.png") });
  await page.locator("[data-find=put]").click();
  const [placed] = await saved();
  const drawn = await component(placed.id).boundingBox();
  assert.ok(Math.abs(drawn.width - shown.width) < 1);
  assert.deepEqual([placed.mode, placed.anchor, JSON.parse(placed.rule)], [3, "甲方", { KeywordIndexes: [hits - 1], RelativeLocation: "Right", OffsetX: 12.5, OffsetY: 0 }]);
  await component(placed.id).press("ArrowDown");
  const [free] = await until("the move to be saved", async () => (await saved()).filter(({ y }) => y !== placed.y).slice(0, 1).concat(null)[0] && saved());
  assert.deepEqual([free.mode, free.anchor, free.y], [undefined, undefined, Math.round((placed.y + 1) * 100) / 100]);
});

test("two editors: the second is told, and keeps the work as a copy", async () => {
  await open(page, [text("a", 100, 300)]);
  const other = await desk.context.newPage();
  await other.goto(builder);
  await component("a", other).waitFor();
  await component("a").press("ArrowRight");
  await saved();
  await component("a", other).press("Shift+ArrowDown");
  const dialog = other.locator("#builder-conflict[open]");
  await dialog.waitFor();
  await dialog.locator("[data-choice=mine]").click();
  await other.waitForURL((url) => url.pathname.endsWith("/builder") && url.href !== builder);
  assert.match(await other.locator("h1").textContent(), /副本/);
  await component("a", other).waitFor();
  const [theirs] = await saved();
  assert.deepEqual([theirs.x, theirs.y], [101, 300], "the first editor's work was overwritten");
  await other.close();
});

test("without a connection changes are kept and saved when it is back", async () => {
  await open(page, [text("a", 100, 300)]);
  await desk.context.setOffline(true);
  await component("a").press("Shift+ArrowRight");
  await page.locator("#builder-status[data-state=offline]").waitFor();
  await desk.context.setOffline(false);
  const [kept] = await saved();
  assert.equal(kept.x, 110);
  desk.problems.splice(0, desk.problems.length, ...desk.problems.filter((problem) => !problem.includes("ERR_INTERNET_DISCONNECTED")));
  desk.check();
});

test("what the panel says is what the platform stamps", async () => {
  const { approvers } = await open(page, [text("words", 300, 120, { page: 2, width: 200, height: 30, value: "", required: true })]);
  const hand = { type: "SIGN_SIGNATURE", fileIndex: 0, page: 3, x: 90, y: 500, width: 119, height: 43, required: true, name: "", value: "" };
  await open(page, [...approvers.map(({ id }, i) => ({ ...hand, id: `hand${i}`, approver: id, y: 500 + 60 * i })),
    text("words", 300, 120, { page: 2, width: 200, height: 30, value: "", required: true })]);
  // The preflight leads to what is missing.
  await page.locator("#preflight a[href$='#words']").click();
  await page.locator("#panel-value").fill("验收地点 南山");
  await page.locator("#panel-FontSize").fill("20");
  await page.locator("#panel-FontColor").fill("#ff0000");
  await page.locator("#panel-FontSize").focus();
  await until("the style to be saved", async () => (await saved()).some(({ extra }) => extra === '{"FontSize":20,"FontColor":"255,0,0"}'));
  await page.locator("#preflight .notice-ok").waitFor();
  await page.locator("#send button").click();
  await page.waitForURL(/\/flows\/[0-9a-f]+$/);
  const flow = page.url();
  const file = join(output, "builder-stamped.pdf");
  await until("the stamped file", async () => {
    await page.goto(flow);
    const link = page.locator("a[download]").first();
    if (!(await link.count())) return false;
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    await download.saveAs(file);
    return boxOf(renderPage(file, 2), isRed);
  }, 60_000);
  const drawn = boxOf(renderPage(file, 2), isRed);
  assert.ok(drawn.x >= 299 && drawn.y >= 119 && drawn.x + drawn.width <= 501 && drawn.y + drawn.height <= 151, JSON.stringify(drawn));
  assert.ok(drawn.height > 14 && drawn.height < 26, `20 points high letters are ${drawn.height} high`);
});
