// What the builder needs a moment after its pages: properties, keywords and form fields, and the dialog when two people edit one draft.
import { arrange, everyPage } from "./builder-arrange.js";
import { Finder } from "./builder-find.js";
import { Panel } from "./builder-panel.js";
import { make } from "./builder-view.js";

export function start(parts) {
  const { store, view, actions, signal } = parts;
  actions.arrange = (verb, detail) => arrange(parts, verb, detail);
  actions.everyPage = () => everyPage(parts);
  new Panel(actions, store, view, signal);
  new Finder(parts);
  resolveConflicts(parts);
}

function resolveConflicts({ root, data, text, store, saver, signal }) {
  const dialog = root.querySelector("#builder-conflict");
  const status = root.querySelector("#builder-status");
  const offer = (word, act) => {
    const button = make("button", "button button-secondary button-small", text(word));
    button.type = "button";
    button.addEventListener("click", act);
    status.append(button);
  };
  const ask = () => dialog.open || dialog.showModal();
  const conflict = () => {
    offer("resolve", ask);
    ask();
  };
  root.addEventListener("builder:conflict", conflict, { signal });
  root.addEventListener("builder:failed", () => offer("reload", () => location.reload()), { signal });
  if (status.dataset.state === "conflict") conflict();
  dialog.addEventListener("click", async ({ target }) => {
    const choice = target.closest("button")?.dataset.choice;
    if (choice === "theirs") {
      saver.forget();
      location.reload();
    } else if (choice === "mine") {
      try {
        const response = await fetch(root.dataset.copies, {
          method: "POST",
          headers: { "Content-Type": "application/json", Accept: "application/json" },
          body: JSON.stringify({ files: data.files.map(({ id }) => id), components: store.components }),
        });
        if (!response.ok) throw new Error(response.status); // what is not kept must not be forgotten
        const { url } = await response.json();
        saver.forget();
        location.assign(url);
      } catch {
        dialog.querySelector(".problem").textContent = text("copy-failed");
      }
    }
  }, { signal });
}
