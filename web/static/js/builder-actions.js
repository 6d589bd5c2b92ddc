// What one can do in the builder, by whatever means: pointer, keyboard, tool bar, panel or list.
import * as model from "./builder-model.js";

const OFFSET = 12; // points between a component and its copy

export class Actions {
  #clipboard = [];

  constructor(store, view, say) {
    Object.assign(this, { store, view, say });
    this.armed = null;
    this.select = view.root.querySelector("#builder-approver");
  }

  get approver() {
    return this.select?.value || this.view.data.approvers[0]?.id || "";
  }

  // arm chooses a type of the palette for the next tap on a page; the same again gives it up.
  arm(type) {
    this.armed = this.armed === type ? null : type;
    this.#showArmed();
    if (this.armed) this.say("armed", { type: this.view.text(type) });
  }

  disarm() {
    const was = this.armed;
    this.armed = null;
    this.#showArmed();
    return Boolean(was);
  }

  #showArmed() {
    for (const item of this.view.root.querySelectorAll(".palette-item")) {
      item.setAttribute("aria-pressed", item.dataset.type === this.armed);
    }
    this.view.root.classList.toggle("armed", Boolean(this.armed));
  }

  add(type, sheet, point) {
    this.addBox(type, sheet, model.centred(type, point, sheet));
  }

  addBox(type, sheet, box) {
    const component = this.make(type, sheet, box);
    this.disarm();
    this.insert([component], "placed", { label: this.view.label(component) });
  }

  // make is a component for the chosen approver that is not placed yet.
  make(type, sheet, box) {
    return {
      id: newID(), type, approver: this.approver, fileIndex: sheet.file, page: sheet.number, ...box, required: true, name: "", value: "",
    };
  }

  insert(added, word, values = { count: added.length }) {
    if (!added.length) return;
    this.store.change([...this.store.components, ...added], { select: added.map(({ id }) => id) });
    this.view.reveal(added[0].id);
    this.say(word, values);
  }

  // addInMiddle is for the keyboard: the middle of the current page, below what already lies there.
  addInMiddle(type) {
    const sheet = this.view.current;
    const box = model.centred(type, { x: sheet.width / 2, y: sheet.height / 2 }, sheet);
    const taken = (candidate) => this.store.components.some((component) => this.view.sheetOf(component) === sheet
      && component.x === candidate.x && component.y === candidate.y);
    while (taken(box)) Object.assign(box, model.place({ ...box, x: box.x + OFFSET, y: box.y + OFFSET }, sheet));
    this.addBox(type, sheet, box);
  }

  remove() {
    const gone = this.store.selection();
    if (!gone.length) return;
    const order = model.inReadingOrder(this.store.components).map(({ id }) => id);
    const next = order.slice(order.indexOf(gone.at(-1).id) + 1).find((id) => !this.store.selected.has(id));
    this.store.change(this.store.components.filter(({ id }) => !this.store.selected.has(id)), { select: next ? [next] : [] });
    if (next) this.view.reveal(next);
    else this.view.pane.focus({ preventScroll: true });
    this.say("deleted", { count: gone.length });
  }

  copy() {
    this.#clipboard = this.store.selection();
    if (this.#clipboard.length) this.say("copied", { count: this.#clipboard.length });
    return this.#clipboard.length > 0;
  }

  paste() {
    const sheet = this.view.current;
    const copies = this.#clipboard.map((component) => this.copyTo(component, sheet, this.view.sheetOf(component) === sheet ? OFFSET : 0));
    this.insert(copies, "pasted");
    this.#clipboard = copies;
  }

  duplicate() {
    this.insert(this.store.selection().map((component) => this.copyTo(component, this.view.sheetOf(component), OFFSET)), "pasted");
  }

  copyTo(component, sheet, offset) {
    const box = model.place({ ...component, x: component.x + offset, y: component.y + offset }, sheet);
    return model.freed(component, { ...component, ...box, id: newID(), fileIndex: sheet.file, page: sheet.number });
  }

  move(dx, dy) {
    const selection = this.store.selection();
    if (!selection.length) return;
    const moved = model.moveTogether(selection, dx, dy, (component) => this.view.sheetOf(component));
    this.store.update(moved, { merge: "nudge" });
    this.say("moved", { label: this.view.label(moved[0]), x: moved[0].x, y: moved[0].y });
  }

  grow(dx, dy) {
    const grown = this.store.selection().map((component) => ({ ...component, ...model.grow(component, dx, dy, this.view.sheetOf(component)) }));
    if (!grown.length) return;
    this.store.update(grown, { merge: "grow" });
    this.say("resized", { label: this.view.label(grown[0]), width: grown[0].width, height: grown[0].height });
  }

  // edit changes everything selected; boxes stay on their pages.
  edit(change, merge) {
    this.store.update(this.store.selection().map((component) => {
      const changed = change(component);
      return { ...changed, ...model.place(changed, this.view.sheetOf(changed)) };
    }), { merge });
  }

  undo() {
    if (this.store.undo()) this.say("undone");
  }

  redo() {
    if (this.store.redo()) this.say("redone");
  }

  selectAll() {
    this.store.select(...this.store.components.filter((component) => this.view.sheetOf(component) === this.view.current).map(({ id }) => id));
  }

  zoom(direction) {
    this.view.setZoom(model.zoomStep(this.view.zoom, direction));
  }

  fit() {
    this.view.fit(2);
  }

  // go shows what a link of the preflight means: a component, or the palette for an approver.
  go(id) {
    if (this.store.get(id)) {
      this.store.select(id);
      this.view.reveal(id);
    } else if ([...this.select.options].some(({ value }) => value === id)) {
      this.select.value = id;
      this.view.root.querySelector(".palette-item").focus();
    } else return false;
    return true;
  }

  // run does what a button of the tool bar says.
  run(command) {
    const [verb, detail] = command.split("-");
    if (/align|spread/.test(verb)) this.arrange?.(verb, detail);
    else if (verb === "zoom") this.zoom(detail === "in" ? 1 : -1);
    else if (command === "every-page") this.everyPage?.();
    else if (command === "delete") this.remove();
    else this[command]();
  }

  // can tells whether a command would do anything now.
  can(command) {
    const count = this.store.selected.size;
    const known = { undo: this.store.canUndo, redo: this.store.canRedo, "zoom-in": this.view.zoom < 2, "zoom-out": this.view.zoom > 0.5, fit: true };
    return known[command] ?? count > (command.startsWith("spread") ? 2 : 0);
  }
}

// newID names a component within its draft.
function newID() {
  return `c${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`;
}
