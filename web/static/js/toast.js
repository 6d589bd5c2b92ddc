// word is a text that the server put on the body in the reader's language.
export const word = (name) => document.body.getAttribute(`data-text-${name}`) ?? "";

// toast shows a short message; problems stay longer. Kinds: ok, info, wait, danger.
export function toast(kind, text) {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  if ([...box.children].some((old) => old.textContent === text)) return;
  const item = document.createElement("div");
  item.className = `toast toast-${kind}`;
  const message = document.createElement("p");
  message.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-button";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", word("dismiss"));
  const cross = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  cross.setAttribute("class", "icon");
  cross.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M6 6l12 12M18 6 6 18");
  cross.append(path);
  close.append(cross);
  item.append(message, close);
  box.append(item);
  setTimeout(() => item.remove(), kind === "ok" ? 4000 : 10000);
}
