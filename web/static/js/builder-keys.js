// The builder by keyboard. Keys act where the focus is on the pages, never while one types in a field.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function listenToKeys(actions, store, view, pointer, signal) {
  view.root.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, dialog")) return;
    if (pressed(event, actions, store, view, pointer)) event.preventDefault();
  }, { signal });
}

function pressed(event, actions, store, view, pointer) {
  const command = event.ctrlKey || event.metaKey;
  if (command) return shortcut(event, actions);
  if (event.key === "Escape") {
    if (!pointer.cancel() && !actions.disarm()) store.select();
    return true;
  }
  const onPages = view.pane.contains(event.target);
  const onComponent = event.target.closest(".component");
  if (!onPages || !store.selected.size) return false;
  const arrow = ARROWS[event.key];
  if (arrow && onComponent) {
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = [arrow[0] * step, arrow[1] * step];
    if (event.altKey) actions.grow(dx, dy);
    else actions.move(dx, dy);
    return true;
  }
  if (event.key === "Delete" || event.key === "Backspace") {
    actions.remove();
    return true;
  }
  return false;
}

function shortcut(event, actions) {
  if (event.altKey) return false;
  const run = {
    z: () => (event.shiftKey ? actions.redo() : actions.undo()),
    y: () => actions.redo(),
    // Text that is marked on the page is what is meant to be copied.
    c: () => String(getSelection()) === "" && actions.copy(),
    v: () => actions.paste(),
    d: () => actions.duplicate(),
    a: () => actions.selectAll(),
  }[event.key.toLowerCase()];
  return run ? run() !== false : false;
}
