// What the builder shows on the pages: a button for each component, the frame of the selection, guides, and the zoom. Boxes are set as
// percentages of their page, so that zooming changes the width of the pages and nothing else.
import { HANDLES } from "./builder-model.js";

const PIXELS = 96 / 72;

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export class View {
  constructor(root, data, text) {
    Object.assign(this, { root, data, text });
    this.pane = root.querySelector("#builder-pages");
    // Measured before anything is written: the browser need not lay out the page twice at the start.
    const space = this.#space();
    this.approvers = new Map(data.approvers.map((approver) => [approver.id, approver]));
    this.buttons = new Map();
    this.problems = new Map();
    this.zoom = 1;
    this.sheets = [...this.pane.querySelectorAll(".page")].map((section) => {
      const file = Number(section.dataset.file);
      const number = Number(section.dataset.page);
      const page = data.files.find(({ index }) => index === file).pages.find((candidate) => candidate.number === number);
      section.style.aspectRatio = `${page.width} / ${page.height}`;
      const layer = make("div", "layer");
      section.append(layer);
      return { file, number, width: page.width, height: page.height, section, layer };
    });
    this.current = this.sheets[0];
    if (this.current) this.#scale(this.#fitting(space, 1));
    this.frame = make("div", "frame");
    this.frame.setAttribute("aria-hidden", "true");
    for (const handle of HANDLES) {
      const dot = make("span", `handle handle-${handle}`);
      dot.dataset.handle = handle;
      this.frame.append(dot);
    }
  }

  sheetOf({ fileIndex, page }) {
    return this.sheets.find((sheet) => sheet.file === fileIndex && sheet.number === page);
  }

  // color is the number of an approver's colour.
  color({ approver }) {
    return (this.approvers.get(approver)?.color ?? 5) % 6;
  }

  who({ approver }) {
    return this.approvers.get(approver)?.name ?? this.text("nobody");
  }

  // caption is what stands on a component.
  caption({ type, name, value }) {
    return value || name || this.text(type);
  }

  // label names a component in full: what, whose, where.
  label(component) {
    const label = this.text("label", {
      type: this.caption(component),
      approver: this.who(component),
      page: component.page,
    });
    if (this.data.files.length < 2) return label;
    return `${label} ${this.data.files.find(({ index }) => index === component.fileIndex)?.name ?? ""}`;
  }

  // render brings the buttons of all components up to date; those that stay keep the focus.
  render(store) {
    const seen = new Set();
    for (const component of store.components) {
      const sheet = this.sheetOf(component);
      if (!sheet) continue;
      seen.add(component.id);
      const button = this.buttons.get(component.id) ?? this.#button(component.id);
      if (button.parentElement !== sheet.layer) {
        const focused = document.activeElement === button;
        sheet.layer.append(button);
        if (focused) button.focus({ preventScroll: true });
      }
      this.#show(button, component, sheet, store.selected.has(component.id));
    }
    for (const [id, button] of this.buttons) {
      if (seen.has(id)) continue;
      button.remove();
      this.buttons.delete(id);
    }
    this.#frame(store.selection());
  }

  #button(id) {
    const button = make("button", "component");
    button.type = "button";
    button.dataset.id = id;
    button.append(make("span", "component-type"), make("span", "component-who"));
    this.buttons.set(id, button);
    return button;
  }

  #show(button, component, sheet, selected) {
    button.className = `component type-${component.type.toLowerCase()} color-${this.color(component)}`;
    button.classList.toggle("selected", selected);
    button.classList.toggle("bad", this.problems.has(component.id));
    button.setAttribute("aria-pressed", selected);
    const problem = this.problems.get(component.id);
    button.setAttribute("aria-label", this.label(component) + (problem ? `, ${problem}` : ""));
    button.title = problem ?? "";
    button.children[0].textContent = this.caption(component);
    button.children[1].textContent = this.who(component);
    this.position(button, component, sheet);
  }

  // position sets a box of a sheet as shares of it.
  position(element, box, sheet) {
    element.style.left = `${(box.x / sheet.width) * 100}%`;
    element.style.top = `${(box.y / sheet.height) * 100}%`;
    element.style.width = `${(box.width / sheet.width) * 100}%`;
    element.style.height = `${(box.height / sheet.height) * 100}%`;
  }

  #frame(selection) {
    if (selection.length !== 1) {
      this.frame.remove();
      return;
    }
    const sheet = this.sheetOf(selection[0]);
    if (!sheet) return;
    if (this.frame.parentElement !== sheet.layer) sheet.layer.append(this.frame);
    this.position(this.frame, selection[0], sheet);
  }

  // guides shows the lines that a box touches; none clears them.
  guides(sheet, { x = [], y = [] } = {}) {
    for (const old of this.pane.querySelectorAll(".guide")) old.remove();
    for (const at of x) this.#guide(sheet, { x: at, y: 0, width: 0, height: sheet.height });
    for (const at of y) this.#guide(sheet, { x: 0, y: at, width: sheet.width, height: 0 });
  }

  #guide(sheet, box) {
    const guide = make("div", "guide");
    this.position(guide, box, sheet);
    sheet.layer.append(guide);
  }

  // point is where the pointer is on a sheet, in points. It is measured anew each time, so that scrolling cannot shift it.
  point(sheet, { clientX, clientY }) {
    const area = sheet.section.getBoundingClientRect();
    return { x: ((clientX - area.left) / area.width) * sheet.width, y: ((clientY - area.top) / area.height) * sheet.height };
  }

  // pixel is the length of a screen pixel on a sheet, in points.
  pixel(sheet) {
    return sheet.width / sheet.section.getBoundingClientRect().width;
  }

  // sheetAt is the sheet under the pointer, or with nearest the closest one.
  sheetAt({ clientX, clientY }, nearest = false) {
    let best = null;
    let least = Infinity;
    for (const sheet of this.sheets) {
      const area = sheet.section.getBoundingClientRect();
      const dx = Math.max(area.left - clientX, 0, clientX - area.right);
      const dy = Math.max(area.top - clientY, 0, clientY - area.bottom);
      if (dx + dy < least) [best, least] = [sheet, dx + dy];
    }
    return nearest || least === 0 ? best : null;
  }

  // seen is the part of the window where pages can be seen.
  get seen() {
    const { left, right, top, bottom } = this.pane.getBoundingClientRect();
    return { left, right, top: Math.max(top, 0), bottom: Math.min(bottom, innerHeight) };
  }

  // inPane tells whether the pointer is there.
  inPane({ clientX, clientY }) {
    const { left, right, top, bottom } = this.seen;
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }

  // scroller is what scrolls the pages: their pane, or on phones the document.
  get scroller() {
    return this.pane.scrollHeight > this.pane.clientHeight ? this.pane : document.scrollingElement;
  }

  // setZoom keeps what is at the pointer where it is, or without one what is at the pane's top.
  setZoom(zoom, at) {
    const { left, top } = this.pane.getBoundingClientRect();
    at ??= { clientX: left, clientY: top };
    const sheet = this.sheetAt(at, true);
    const { x, y } = this.point(sheet, at);
    this.#scale(zoom);
    const area = sheet.section.getBoundingClientRect();
    const scale = area.width / sheet.width;
    this.scroller.scrollBy(area.left + x * scale - at.clientX, y > 0 ? area.top + y * scale - at.clientY : 0);
  }

  #scale(zoom) {
    this.zoom = zoom;
    for (const { section, width } of this.sheets) section.firstElementChild.sizes = section.style.width = `${width * PIXELS * zoom}px`;
    this.pane.style.setProperty("--zoom", zoom);
    this.root.querySelector("#builder-zoom")?.replaceChildren(`${Math.round(zoom * 100)}%`);
  }

  // fit makes the current page as wide as the pane.
  fit(most = 1) {
    this.setZoom(this.#fitting(this.#space(), most));
  }

  #fitting(space, most) {
    return Math.min(most, Math.floor((space / this.current.width / PIXELS) * 1000) / 1000);
  }

  // #space is the width that the pane has for a page.
  #space() {
    const style = getComputedStyle(this.pane);
    return this.pane.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  }

  // updateCurrent finds the page that fills most of the pane.
  updateCurrent() {
    const { top, bottom } = this.seen;
    let most = -1;
    for (const sheet of this.sheets) {
      const area = sheet.section.getBoundingClientRect();
      const seen = Math.min(area.bottom, bottom) - Math.max(area.top, top);
      if (seen > most) [this.current, most] = [sheet, seen];
    }
    this.showCurrent();
  }

  // showCurrent tells in the tool bar which page that is.
  showCurrent() {
    const { file, number } = this.current;
    const [pages, files] = ["#builder-page", "#builder-file"].map((id) => this.root.querySelector(id));
    pages.value = number;
    pages.max = this.sheets.filter((sheet) => sheet.file === file).length;
    pages.nextElementSibling.textContent = `/ ${pages.max}`;
    if (files) files.value = file;
  }

  // turn shows a page.
  turn(file, number) {
    const sheet = this.sheetOf({ fileIndex: file, page: number });
    if (sheet) this.current = sheet;
    this.current.section.scrollIntoView();
    this.showCurrent();
  }

  // reveal scrolls a component into view and focuses it.
  reveal(id) {
    const button = this.buttons.get(id);
    button?.scrollIntoView({ block: "nearest", inline: "nearest" });
    button?.focus({ preventScroll: true });
  }
}
