// The builder's state: components, what is selected, and what can be undone. Components are never changed in place.
import { freed } from "./builder-model.js";

const DEPTH = 200;

export class Store {
  #past = [];
  #future = [];
  #merging = null;
  #listeners = [];

  constructor(components) {
    this.components = components;
    this.selected = new Set();
  }

  // onChange calls back with {components, selection}: which of the two changed.
  onChange(listener) {
    this.#listeners.push(listener);
  }

  #tell(change) {
    for (const listener of this.#listeners) listener(change);
  }

  get(id) {
    return this.components.find((component) => component.id === id);
  }

  selection() {
    return this.components.filter((component) => this.selected.has(component.id));
  }

  select(...ids) {
    const same = ids.length === this.selected.size && ids.every((id) => this.selected.has(id));
    if (same) return;
    this.selected = new Set(ids);
    this.#merging = null;
    this.#tell({ selection: true });
  }

  toggle(id) {
    const ids = new Set(this.selected);
    if (!ids.delete(id)) ids.add(id);
    this.select(...ids);
  }

  // change replaces all components. Changes in a row with the same merge key are undone as one.
  change(components, { merge = null, select = null } = {}) {
    if (!merge || merge !== this.#merging) {
      this.#past.push(this.components);
      if (this.#past.length > DEPTH) this.#past.shift();
    }
    this.#merging = merge;
    this.#future = [];
    this.#set(components, select);
  }

  // update replaces the components that have the ids of the given ones.
  update(changed, options) {
    this.change(this.#with(changed.map((component) => freed(this.get(component.id), component))), options);
  }

  // correct takes over what the server changed; it is no step of its own to undo.
  correct(changed) {
    this.#set(this.#with(changed), null);
  }

  #with(changed) {
    const by = new Map(changed.map((component) => [component.id, component]));
    return this.components.map((component) => by.get(component.id) ?? component);
  }

  #set(components, select) {
    this.components = components;
    const ids = new Set(components.map((component) => component.id));
    this.selected = new Set([...(select ?? this.selected)].filter((id) => ids.has(id)));
    this.#tell({ components: true, selection: true });
  }

  // sealed ends a row of changes that are undone as one.
  sealed() {
    this.#merging = null;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  undo() {
    return this.#step(this.#past, this.#future);
  }

  redo() {
    return this.#step(this.#future, this.#past);
  }

  #step(from, to) {
    if (!from.length) return false;
    to.push(this.components);
    this.#merging = null;
    this.#set(from.pop(), null);
    return true;
  }
}
