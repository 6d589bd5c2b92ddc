// What every page loads: htmx with its extension for server-sent events, and the small things that HTML has no element for.
import "../../../node_modules/htmx.org/dist/htmx.esm.js";
import "../../../node_modules/htmx.org/dist/ext/hx-sse.js";
import { watchLive } from "./live.js";
import { toast, word } from "./toast.js";
import { watchUploads } from "./upload.js";

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-copy], [data-dialog], [data-dialog-close], [data-print], [data-toast-close]");
  if (!target) return;
  if (target.dataset.copy !== undefined) copy(target.dataset.copy);
  else if ("toastClose" in target.dataset) target.closest(".toast").remove();
  else if ("print" in target.dataset) window.print();
  else if (!("command" in HTMLButtonElement.prototype)) {
    // Browsers that know command="show-modal" do this by themselves.
    if (target.dataset.dialog) document.getElementById(target.dataset.dialog)?.showModal();
    else target.closest("dialog")?.close();
  }
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("ok", word("copied"));
  } catch {
    toast("wait", word("copyfailed"));
  }
}

// Say which files were chosen, since the field itself is hidden under its button.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type !== "file") return;
  const names = document.querySelector(`[data-file-names="${CSS.escape(input.id)}"]`);
  if (!names) return;
  names.dataset.none ??= names.textContent; // for a choice that is taken back
  if (!input.files.length) names.textContent = names.dataset.none;
  else names.textContent = input.files.length === 1 ? input.files[0].name : word("files").replace("2", input.files.length);
});

// A choice that stands alone takes the others away, and they it.
document.addEventListener("change", ({ target }) => {
  const group = target.type === "checkbox" && target.checked && target.closest("fieldset");
  if (!group || !group.querySelector("[data-alone]")) return;
  for (const other of group.querySelectorAll("input[type=checkbox]")) {
    if (other !== target && ("alone" in other.dataset || "alone" in target.dataset)) other.checked = false;
  }
});

// Files may be dropped on a file field's row.
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const row = event.target.closest?.(".file-row");
    if (!row) return;
    event.preventDefault();
    row.classList.toggle("over", kind === "dragover");
    const { files } = event.dataTransfer;
    if (kind !== "drop" || !files.length) return;
    const input = row.querySelector("input[type=file]");
    input.files = input.multiple ? files : only(files[0]);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// only is a list of one file, for a field that takes no more.
function only(file) {
  const list = new DataTransfer();
  list.items.add(file);
  return list.files;
}

// HX-Trigger: {"toast": {"Kind", "Text"}}
document.addEventListener("toast", ({ detail }) => toast(detail.Kind, detail.Text));

// An error answer is not swapped in; its [data-error] text is shown instead.
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  if (ctx.response.status === 422) return;
  const answer = new DOMParser().parseFromString(ctx.text ?? "", "text/html");
  toast("danger", answer.querySelector("[data-error]")?.textContent.trim() || word("failed"));
});
document.addEventListener("htmx:error", ({ detail }) => {
  console.warn(detail.error);
  toast("danger", word("offline"));
});

// The address stays where it was when a visit or a form is refused.
document.addEventListener("htmx:before:history:update", (event) => {
  if (event.detail.response?.status >= 400) event.preventDefault();
});

// Where the links of the sidebar need scrolling, the one of this page is in sight.
const showPlace = () => document.querySelector(".sidebar-links [aria-current]")?.scrollIntoView({ block: "nearest" });

// A list that is narrowed to what fits another field keeps what was chosen in it, as long as that fits.
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  if (ctx?.target?.matches?.("select")) ctx.chosen = ctx.target.value;
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (!ctx?.chosen) return;
  ctx.target.value = ctx.chosen;
  if (ctx.target.selectedIndex < 0) ctx.target.selectedIndex = 0;
});

// After a boosted visit, begin at the top as after a load; after a refused form, at its first problem.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (!ctx || ctx.target !== document.body) return;
  showPlace();
  const problem = document.querySelector("[aria-invalid=true]");
  if (ctx.response?.status === 422) problem?.focus();
  else if (!document.querySelector("[autofocus]")) document.getElementById(ctx.request?.anchor || "main")?.focus({ preventScroll: true });
});

requestAnimationFrame(showPlace);
watchLive();
watchUploads();
