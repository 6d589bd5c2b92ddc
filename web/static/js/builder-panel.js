// Beside the pages: the properties of what is selected, and the list of all components.
import { inReadingOrder } from "./builder-model.js";
import { make } from "./builder-view.js";

export class Panel {
  constructor(actions, store, view, signal) {
    Object.assign(this, { actions, store, view });
    this.box = view.root.querySelector("#builder-panel");
    this.list = view.root.querySelector("#builder-list");
    // Words are taken over while they are typed, everything else when it is complete.
    for (const type of ["input", "change"]) {
      this.box.addEventListener(type, ({ target }) => {
        if ((target.type === "text") === (type === "input")) this.#changed(target, target.dataset.property);
      }, { signal });
    }
    this.list.addEventListener("click", ({ target }) => {
      const id = target.closest("button")?.dataset.id;
      if (!id) return;
      store.select(id);
      view.reveal(id);
    }, { signal });
  }

  #changed(control, name) {
    const [component] = this.store.selection();
    if (control.type === "checkbox") this.actions.set({ [name]: control.checked });
    else if (control.type !== "number") this.actions.set({ [name]: control.value }, name);
    else if (control.value && component) {
      const value = Math.max(Number(control.value), name.length > 1 ? 8 : 0);
      const ratio = component.type === "SIGN_SEAL" && name.length > 1 && value / component[name];
      this.actions.set(ratio ? { width: component.width * ratio, height: component.height * ratio } : { [name]: value });
    }
    this.render();
  }

  render() {
    this.#properties(this.store.selection());
    this.#list();
  }

  #properties(selection) {
    const { box, view } = this;
    const [first] = selection;
    const shown = {
      none: !first, some: first, one: selection.length === 1, text: selection.length === 1 && first.type === "TEXT",
    };
    for (const part of box.querySelectorAll("[data-when]")) part.hidden = !shown[part.dataset.when];
    if (!first) return;
    for (const control of box.querySelectorAll("[data-property]")) {
      const value = first[control.dataset.property];
      if (control.type === "checkbox") control.checked = value;
      else control.value = selection.every((component) => component[control.dataset.property] === value) ? value : "";
    }
    const mm = (points) => ((points / 72) * 25.4).toFixed(1);
    const write = (part, text) => (box.querySelector(part).textContent = text);
    write(".panel-title", shown.one ? view.text(first.type) : view.text("many", { count: selection.length }));
    write(".panel-size", view.text("size", { width: mm(first.width), height: mm(first.height) }));
    write(".problem", view.problems.get(first.id) ?? "");
  }

  #list() {
    const { list, store, view } = this;
    const focused = list.contains(document.activeElement) && document.activeElement.dataset.id;
    const rows = make("ul");
    for (const component of inReadingOrder(store.components)) {
      const row = make("li");
      const button = make("button", `color-${view.color(component)}`);
      button.type = "button";
      button.dataset.id = component.id;
      button.setAttribute("aria-pressed", store.selected.has(component.id));
      button.classList.toggle("bad", view.problems.has(component.id));
      button.append(make("span", "swatch"), make("span", "", view.label(component)));
      row.append(button);
      rows.append(row);
      if (focused === component.id) queueMicrotask(() => button.focus());
    }
    list.replaceChildren(rows.children.length ? rows : make("p", "muted", view.text("empty")));
  }
}
