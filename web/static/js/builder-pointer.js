// Mouse, pen and touch on the builder's pages. Every position is measured from the page at that moment, never summed up from movements.
import * as model from "./builder-model.js";
import { make } from "./builder-view.js";

const REACH = 6; // pixels within which edges snap
const SLACK = 4; // pixels before a press becomes a drag
const EDGE = 56; // pixels from the pane's edge where it begins to scroll

export class Pointer {
  #drag = null;
  #frame = 0;

  constructor(actions, store, view, signal) {
    Object.assign(this, { actions, store, view });
    const on = (target, type, listener, options) => target.addEventListener(type, listener, { signal, ...options });
    on(view.pane, "pointerdown", (event) => this.#pressed(event));
    for (const item of view.root.querySelectorAll(".palette-item")) {
      on(item, "pointerdown", (event) => this.#pressedPalette(event, item.dataset.type));
    }
    on(document, "pointermove", (event) => this.#moved(event));
    on(document, "pointerup", (event) => this.#released(event));
    on(document, "pointercancel", () => this.cancel());
    on(view.pane, "click", (event) => this.#clicked(event));
    // A finger on a component drags it; anywhere else it scrolls.
    on(view.pane, "touchstart", (event) => event.target.closest(".component, .handle") && event.preventDefault(), { passive: false });
  }

  #pressed(event) {
    if (event.button !== 0 || this.actions.armed) return;
    const handle = event.target.closest(".handle");
    const button = event.target.closest(".component");
    if (handle) this.#begin(event, this.#resizing(event, handle.dataset.handle));
    else if (button) this.#begin(event, this.#moving(event, button.dataset.id));
    else if (event.pointerType === "mouse") {
      const sheet = this.view.sheetAt(event);
      if (sheet) this.#begin(event, this.#marking(event, sheet));
      else this.store.select();
    }
  }

  #pressedPalette(event, type) {
    if (event.button !== 0) return;
    this.#begin(event, this.#bringing(type), false);
  }

  #begin(event, drag, prevent = true) {
    if (prevent) event.preventDefault();
    this.#drag = { id: event.pointerId, startX: event.clientX, startY: event.clientY, started: false, entered: false, last: event, ...drag };
  }

  #moved(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.id) return;
    drag.last = event;
    if (!drag.started) {
      if (Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY) < SLACK) return;
      drag.started = true;
      this.view.root.classList.add("dragging");
      drag.start?.();
    }
    drag.entered ||= this.view.inPane(event);
    drag.move(event);
    this.#frame ||= requestAnimationFrame(() => this.#scroll());
  }

  // scroll moves the pages while the pointer is held at an edge of the pane.
  #scroll() {
    this.#frame = 0;
    const drag = this.#drag;
    if (!drag?.started || !drag.entered) return;
    const { top, bottom } = this.view.seen;
    const { clientY } = drag.last;
    const pull = clientY < top + EDGE ? clientY - top - EDGE : clientY > bottom - EDGE ? clientY - bottom + EDGE : 0;
    if (!pull) return;
    const { scroller } = this.view;
    const before = scroller.scrollTop;
    scroller.scrollTop += Math.max(-18, Math.min(18, pull / 3));
    if (scroller.scrollTop !== before) drag.move(drag.last);
    this.#frame = requestAnimationFrame(() => this.#scroll());
  }

  #released(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.id) return;
    this.#end();
    if (drag.started) {
      drag.drop?.();
      this.draggedAt = event.timeStamp;
    } else drag.tap?.();
    this.store.sealed();
  }

  // cancel gives up what is being dragged; Escape does so too.
  cancel() {
    const drag = this.#drag;
    this.#end();
    if (drag?.started) drag.undo?.();
    this.store.sealed();
    return Boolean(drag?.started);
  }

  #end() {
    this.#drag?.end?.();
    this.#drag = null;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.view.root.classList.remove("dragging");
    this.view.guides();
  }

  // clicked places what was chosen in the palette by a tap.
  #clicked(event) {
    if (!this.actions.armed) return;
    const sheet = this.view.sheetAt(event);
    if (!sheet) return;
    event.preventDefault();
    this.actions.add(this.actions.armed, sheet, this.view.point(sheet, event));
  }

  #targets(sheet, ids) {
    const others = this.store.components.filter((component) => this.view.sheetOf(component) === sheet && !ids.has(component.id));
    return model.lines(sheet, others);
  }

  #snapped(event, sheet, box, ids) {
    if (event.altKey) return { box, guides: {} };
    return model.snap(box, this.#targets(sheet, ids), REACH * this.view.pixel(sheet));
  }

  #moving(event, id) {
    const { store, view } = this;
    const several = event.shiftKey || event.ctrlKey || event.metaKey;
    const wasSelected = store.selected.has(id);
    if (!wasSelected && !several) store.select(id);
    view.buttons.get(id)?.focus({ preventScroll: true });
    const before = store.components;
    let origin;
    let grip;
    return {
      tap: () => {
        if (several) store.toggle(id);
        else store.select(id);
      },
      start: () => {
        if (!store.selected.has(id)) store.toggle(id);
        origin = store.selection();
        const leader = store.get(id);
        const at = view.point(view.sheetOf(leader), event);
        grip = { x: at.x - leader.x, y: at.y - leader.y, leader };
      },
      move: (now) => this.#moveTo(now, origin, grip),
      undo: () => before !== store.components && store.undo(),
    };
  }

  // moveTo puts the component that was gripped under the pointer, on whatever page that is, and the others beside it.
  #moveTo(event, origin, { x, y, leader }) {
    const { store, view } = this;
    const together = origin.every((component) => view.sheetOf(component) === view.sheetOf(leader));
    const sheet = together ? view.sheetAt(event, true) : view.sheetOf(leader);
    const at = view.point(sheet, event);
    const ids = new Set(origin.map(({ id }) => id));
    const wanted = model.place({ ...leader, x: at.x - x, y: at.y - y }, sheet);
    const { box, guides } = this.#snapped(event, sheet, { ...wanted }, ids);
    const kept = model.place(box, sheet);
    const onSheet = together ? origin.map((component) => ({ ...component, fileIndex: sheet.file, page: sheet.number })) : origin;
    const moved = origin.length === 1
      ? [{ ...onSheet[0], ...kept }]
      : model.moveTogether(onSheet, kept.x - leader.x, kept.y - leader.y, (component) => view.sheetOf(component));
    store.update(moved, { merge: "drag" });
    view.guides(sheet, guides);
  }

  #resizing(event, handle) {
    const { store, view } = this;
    const [component] = store.selection();
    const sheet = view.sheetOf(component);
    const { ratio, least } = model.TYPES[component.type];
    const before = store.components;
    const start = view.point(sheet, event);
    // The corner that the handle stands for: the edge must not jump to where on the handle it was gripped.
    const corner = {
      x: component.x + (handle.includes("w") ? 0 : component.width),
      y: component.y + (handle.includes("n") ? 0 : component.height),
    };
    return {
      move: (now) => {
        const at = view.point(sheet, now);
        let point = { x: at.x - start.x + corner.x, y: at.y - start.y + corner.y };
        let guides = {};
        if (!now.altKey && !ratio) {
          ({ point, guides } = model.snapPoint(point, handle, this.#targets(sheet, new Set([component.id])), REACH * view.pixel(sheet)));
        }
        store.update([{ ...component, ...model.resize(component, handle, point, sheet, { ratio, least }) }], { merge: "drag" });
        view.guides(sheet, guides);
      },
      undo: () => before !== store.components && store.undo(),
    };
  }

  // marking selects what a rectangle touches that is drawn over an empty part of a page.
  #marking(event, sheet) {
    const { store, view } = this;
    const from = view.point(sheet, event);
    const kept = event.shiftKey ? [...store.selected] : [];
    const mark = make("div", "marquee");
    return {
      tap: () => store.select(...kept),
      start: () => sheet.layer.append(mark),
      move: (now) => {
        const to = view.point(sheet, now);
        const box = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), width: Math.abs(from.x - to.x), height: Math.abs(from.y - to.y) };
        view.position(mark, box, sheet);
        const touched = store.components.filter((component) => view.sheetOf(component) === sheet
          && component.x < box.x + box.width && component.x + component.width > box.x
          && component.y < box.y + box.height && component.y + component.height > box.y);
        store.select(...new Set([...kept, ...touched.map(({ id }) => id)]));
      },
      end: () => mark.remove(),
    };
  }

  // bringing drags something out of the palette: a ghost follows the pointer until it is dropped on a page.
  #bringing(type) {
    const { view } = this;
    const size = model.TYPES[type];
    const ghost = make("div", `ghost type-${type.toLowerCase()} color-${view.color(this.actions)}`, view.text(type));
    let landing = null;
    return {
      start: () => {
        this.actions.disarm();
        document.body.append(ghost);
      },
      move: (event) => {
        const sheet = view.inPane(event) ? view.sheetAt(event) : null;
        const scale = 1 / view.pixel(sheet ?? view.current);
        ghost.style.width = `${size.width * scale}px`;
        ghost.style.height = `${size.height * scale}px`;
        landing = null;
        let left = event.clientX - (size.width * scale) / 2;
        let top = event.clientY - (size.height * scale) / 2;
        view.guides();
        if (sheet) {
          const { box, guides } = this.#snapped(event, sheet, model.centred(type, view.point(sheet, event), sheet), new Set());
          landing = { sheet, box: model.place(box, sheet) };
          const area = sheet.section.getBoundingClientRect();
          left = area.left + landing.box.x * scale;
          top = area.top + landing.box.y * scale;
          view.guides(sheet, guides);
        }
        ghost.classList.toggle("landing", Boolean(landing));
        ghost.style.transform = `translate(${left}px, ${top}px)`;
      },
      drop: () => landing && this.actions.addBox(type, landing.sheet, landing.box),
      end: () => ghost.remove(),
    };
  }
}
