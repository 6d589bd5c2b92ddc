// The builder: places components on the pages of a draft. The server has rendered the pages, the palette and the frames of the panels; it
// is told of every change and has the last word on all coordinates.
import { Actions } from "./builder-actions.js";
import { listenToKeys } from "./builder-keys.js";
import { List } from "./builder-list.js";
import { zoomBy } from "./builder-model.js";
import { Pointer } from "./builder-pointer.js";
import { Saver } from "./builder-save.js";
import { Store } from "./builder-store.js";
import { View } from "./builder-view.js";

function start(root) {
  const data = JSON.parse(document.getElementById("builder-data").textContent);
  const text = (key, values = {}) => (data.texts?.[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const live = root.querySelector("#builder-live") ?? root.querySelector("#builder-status");
  const say = (key, values) => live && (live.textContent = text(key, values));

  // One signal takes back every listener when the page is left by a boosted visit.
  const leaving = new AbortController();
  const { signal } = leaving;
  const store = new Store(data.components);
  const view = new View(root, data, text);
  if (!view.sheets.length) return;
  const actions = new Actions(store, view, say);
  const list = new List(actions, store, view, signal);
  const pointer = new Pointer(actions, store, view, signal);
  const saver = new Saver({
    url: root.dataset.save,
    revision: Number(root.dataset.revision),
    store,
    report: (state, detail) => report(root, view, store, state, detail, text),
  });
  listenToKeys(actions, store, view, pointer, signal);

  const tools = [...root.querySelectorAll("[data-command]")];
  const showTools = () => {
    for (const tool of tools) tool.disabled = !actions.can(tool.dataset.command);
  };
  const draw = () => {
    view.render(store);
    list.render();
    showTools();
  };
  store.onChange(({ components }) => {
    draw();
    if (components) saver.soon();
  });

  for (const tool of tools) {
    tool.addEventListener("click", () => {
      actions.run(tool.dataset.command);
      showTools();
    }, { signal });
  }
  for (const item of root.querySelectorAll(".palette-item")) {
    // A click without a pointer comes from the keyboard or a screen reader.
    item.addEventListener("click", (event) => {
      if (event.detail === 0) actions.addInMiddle(item.dataset.type);
      else if (!(event.timeStamp - pointer.draggedAt < 50)) actions.arm(item.dataset.type);
    }, { signal });
  }
  view.pane.addEventListener("focusin", ({ target }) => {
    const id = target.closest(".component")?.dataset.id;
    if (!id) return;
    view.current = view.sheetOf(store.get(id));
    // Only the keyboard selects by focus; the pointer decides for itself.
    if (target.matches(":focus-visible") && !store.selected.has(id)) store.select(id);
  }, { signal });
  view.pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    view.setZoom(zoomBy(view.zoom, event.deltaY), event);
    showTools();
  }, { signal, passive: false });
  root.addEventListener("change", ({ target }) => {
    if (target.id === "builder-page") view.turn(view.current.file, Number(target.value));
    else if (target.id === "builder-file") view.turn(Number(target.value), 1);
  }, { signal });
  // A line of the preflight leads to what it is about, without a visit.
  root.addEventListener("click", (event) => {
    if (!actions.go(event.target.closest("a[href*='#']")?.hash.slice(1))) return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal, capture: true });
  for (const target of [view.pane, document]) target.addEventListener("scroll", () => view.updateCurrent(), { signal, passive: true });
  // Sending waits for the last change to be saved; what cannot be saved keeps the draft from being sent.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!saver.dirty || form.id !== "send") return;
    event.preventDefault();
    event.stopPropagation();
    await saver.now();
    if (!saver.dirty && !view.problems.size) form.requestSubmit();
  }, { signal, capture: true });
  addEventListener("beforeunload", (event) => saver.dirty && event.preventDefault(), { signal });
  addEventListener("pagehide", () => {
    saver.keep();
    saver.now();
  }, { signal });
  addEventListener("online", () => saver.now(), { signal });
  document.addEventListener("htmx:before:cleanup", ({ target }) => {
    if (!target.contains?.(root)) return;
    saver.now();
    leaving.abort();
  }, { signal });

  draw();
  report(root, view, store, "saved", null, text);
  saver.restore();
  requestAnimationFrame(() => view.updateCurrent());
  actions.go(location.hash.slice(1));
  // The panels beside the pages come after them.
  import(root.dataset.more).then(({ start }) => start({ root, data, text, store, view, actions, saver, signal }));
}

// report shows the state of saving, and tells the page so that it can check anew what still hinders sending.
function report(root, view, store, state, detail, text) {
  const status = root.querySelector("#builder-status");
  const before = view.problems.size;
  if (state === "saved" || state === "problems") {
    view.problems = new Map((detail?.errors ?? []).map(({ id, message }) => [id, message]));
  }
  if (before || view.problems.size) view.render(store);
  let message = text(state, { count: view.problems.size });
  if (state === "saved" && detail?.clamped?.length) message = text("clamped", { count: detail.clamped.length });
  status.dataset.state = state;
  status.replaceChildren(message);
  // null: the state is shown, but nothing has happened.
  if (detail !== null) root.dispatchEvent(new CustomEvent(`builder:${state}`, { bubbles: true, detail }));
}

const root = document.getElementById("builder");
// The script runs anew on each boosted visit; a builder that already runs is left alone.
if (root && !("running" in root.dataset)) {
  root.dataset.running = "";
  start(root);
}
