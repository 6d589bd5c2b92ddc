import { toast, word } from "./toast.js";

// watchLive tells the reader when a live region no longer is live. The extension reconnects by itself.
export function watchLive() {
  document.addEventListener("htmx:sse:error", ({ target }) => {
    if (!("lost" in target.dataset)) toast("wait", word("lost"));
    target.dataset.lost = "";
  });
  document.addEventListener("htmx:sse:after:connection", ({ target }) => {
    delete target.dataset.lost;
  });
}
