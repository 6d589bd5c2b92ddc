// The properties of what is selected. Each control says in data-property or data-style what it changes, each part in data-when for what
// it is shown: none, some, one, anchored or types of components.
import { round, TYPES } from "./builder-model.js";
import { dated, extraOf, hexOf, isoOf, rgbOf, styled } from "./builder-style.js";
import { make } from "./builder-view.js";

const SIDES = ["width", "height"];
const mm = (points) => ((points / 72) * 25.4).toFixed(1);

export class Panel {
  constructor(actions, store, view, signal) {
    Object.assign(this, { actions, store, view });
    this.box = view.root.querySelector("#builder-panel");
    // Words are taken over while they are typed, everything else when it is complete.
    for (const type of ["input", "change"]) {
      this.box.addEventListener(type, ({ target }) => {
        const typed = /^text/.test(target.type) && !("late" in target.dataset);
        if (typed === (type === "input")) this.#changed(target, target.dataset);
      }, { signal });
    }
    store.onChange(() => this.render());
    this.render();
  }

  #changed(control, { property, style }) {
    const value = read(control, style);
    if (style) this.actions.edit((component) => styled(component, style, value), style);
    else if (control.type !== "number") this.actions.edit((component) => this.#with(component, property, value), property);
    else if (control.value) this.actions.edit((component) => this.#measured(component, property, value), property);
    this.render();
  }

  #with(component, property, value) {
    const changed = { ...component, [property]: value };
    if (property === "type") return { ...changed, value: "" };
    if (property === "value" && component.type === "DATE") changed.value = dated(value, extraOf(component).Format);
    return property === "fileIndex" ? { ...changed, fileIndex: Number(value), page: 1 } : changed;
  }

  // measured changes a number; a seal keeps its ratio, and a page is one that the file has.
  #measured(component, property, value) {
    const { ratio, least } = TYPES[component.type];
    const side = SIDES.indexOf(property);
    if (property === "page") return this.view.sheetOf({ ...component, page: value }) ? { ...component, page: value } : component;
    if (side < 0) return { ...component, [property]: round(Math.max(value, 0)) };
    const scale = Math.max(value, least[side]) / component[property];
    const changes = ratio ? { width: round(component.width * scale), height: round(component.height * scale) } : { [property]: round(component[property] * scale) };
    return { ...component, ...changes };
  }

  render() {
    const { box, view } = this;
    const selection = this.store.selection();
    const [first] = selection;
    const shown = new Set([first ? "some" : "none"]);
    if (selection.length === 1) shown.add("one");
    if (selection.length === 1 && first.mode) shown.add("anchored");
    if (first && selection.every(({ type }) => type === first.type)) shown.add(first.type);
    for (const part of box.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").some((when) => shown.has(when));
    if (!first) return;
    this.#choices(first);
    for (const control of box.querySelectorAll("[data-property], [data-style]")) show(control, selection);
    const write = (part, text) => (box.querySelector(part).textContent = text);
    write(".panel-title", shown.has("one") ? view.text(first.type) : view.text("many", { count: selection.length }));
    write(".panel-size", view.text("size", { x: mm(first.x), y: mm(first.y), width: mm(first.width), height: mm(first.height) }));
    write(".panel-anchor", view.text(`anchor-${first.mode}`, { anchor: first.anchor?.replaceAll("^", "") }));
    write(".problem", view.problems.get(first.id) ?? "");
  }

  // choices are those of a SELECT.
  #choices(component) {
    const select = this.box.querySelector(".panel-choices");
    const blank = select.options[0];
    select.replaceChildren(blank, ...(extraOf(component).Values ?? []).map((text) => make("option", "", text)));
  }
}

// read is what a control holds, as the platform writes it.
function read(control, style) {
  if (control.type === "checkbox") return control.checked;
  if (control.type === "color") return rgbOf(control.value);
  if (style === "Values") return [...new Set(control.value.split("\n").map((line) => line.trim()).filter(Boolean))];
  return control.type === "number" && control.value ? Number(control.value) : control.value;
}

// show puts what all of the selection share into a control.
function show(control, selection) {
  const { property, style } = control.dataset;
  const of = (component) => (property ? component[property] : extraOf(component)[style]);
  const value = of(selection[0]);
  const shared = selection.every((component) => String(of(component)) === String(value)) ? value ?? "" : "";
  if (control.type === "checkbox") control.checked = Boolean(value);
  else if (control.type === "color") control.value = hexOf(shared);
  else if (control.type === "date") control.value = isoOf(shared);
  else control.value = Array.isArray(shared) ? shared.join("\n") : shared;
}
