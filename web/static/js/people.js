// Dragging people between the steps of a draft: onto a step joins it, between two steps makes a new one. The buttons do the same without.
const route = document.querySelector("[data-route]");
let dragged = null;

function target(event) {
  const step = event.target.closest?.("[data-step]");
  if (!step || !route.contains(step)) return null;
  const box = step.getBoundingClientRect();
  const number = Number(step.dataset.step);
  // The upper and lower edges of a step mean the gap beside it.
  const edge = Math.min(24, box.height / 4);
  if (event.clientY < box.top + edge) return { step, way: "before", number };
  if (event.clientY > box.bottom - edge) return { step, way: "before", number: number + 1, below: true };
  return { step, way: "into", number };
}

function mark(to) {
  for (const step of route.children) delete step.dataset.drop;
  if (to) to.step.dataset.drop = to.way === "into" ? "into" : to.below ? "below" : "above";
}

route?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-person]")?.dataset.person ?? null;
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
route?.addEventListener("dragover", (event) => {
  const to = dragged && target(event);
  if (!to) return;
  event.preventDefault();
  mark(to);
});
route?.addEventListener("dragend", () => {
  dragged = null;
  mark(null);
});
route?.addEventListener("drop", (event) => {
  const to = dragged && target(event);
  if (!to) return;
  event.preventDefault();
  const form = document.createElement("form");
  form.method = "post";
  form.action = `${route.dataset.route}${dragged}/move`;
  for (const [name, value] of [["Way", to.way], ["Step", to.number]]) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
});
