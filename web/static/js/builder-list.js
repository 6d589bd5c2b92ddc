// Beside the pages: the list of all components, as they are read.
import { inReadingOrder } from "./builder-model.js";
import { make } from "./builder-view.js";

export class List {
  constructor(actions, store, view, signal) {
    Object.assign(this, { store, view });
    this.box = view.root.querySelector("#builder-list");
    this.box.addEventListener("click", ({ target }) => {
      const id = target.closest("button")?.dataset.id;
      if (id) actions.go(id);
    }, { signal });
  }

  render() {
    const { box, store, view } = this;
    const focused = box.contains(document.activeElement) && document.activeElement.dataset.id;
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
    box.replaceChildren(rows.children.length ? rows : make("p", "muted", view.text("empty")));
  }
}
