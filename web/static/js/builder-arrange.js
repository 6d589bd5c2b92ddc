// Lining up and spreading what is selected, page by page, and putting it on every page.
import { round } from "./builder-model.js";

// EDGES are what boxes can be lined up by: an axis and how far along it.
const EDGES = {
  left: ["x", "width", 0], center: ["x", "width", 0.5], right: ["x", "width", 1],
  top: ["y", "height", 0], middle: ["y", "height", 0.5], bottom: ["y", "height", 1],
};

// align lines boxes up by one of EDGES: with each other, or a single one with its page.
export function align(boxes, edge, page) {
  const [at, length, share] = EDGES[edge];
  const start = boxes.length > 1 ? Math.min(...boxes.map((box) => box[at])) : 0;
  const end = boxes.length > 1 ? Math.max(...boxes.map((box) => box[at] + box[length])) : page[length];
  return boxes.map((box) => ({ ...box, [at]: round(start + (end - start - box[length]) * share) }));
}

// spread makes the gaps between boxes equal; the outermost two stay. axis is "h" or "v".
export function spread(boxes, axis) {
  const [at, length] = axis === "h" ? ["x", "width"] : ["y", "height"];
  if (boxes.length < 3) return boxes;
  const order = [...boxes].sort((a, b) => a[at] - b[at]);
  const last = order.at(-1);
  const used = order.reduce((sum, box) => sum + box[length], 0);
  const gap = (last[at] + last[length] - order[0][at] - used) / (order.length - 1);
  let next = order[0][at];
  const places = new Map();
  for (const box of order) {
    places.set(box, round(next));
    next += box[length] + gap;
  }
  return boxes.map((box) => ({ ...box, [at]: places.get(box) }));
}

// arrange does what a button of the tool bar says: align by an edge, or spread along an axis.
export function arrange({ store, view }, verb, detail) {
  const selection = store.selection();
  store.update(view.sheets.flatMap((sheet) => {
    const boxes = selection.filter((component) => view.sheetOf(component) === sheet);
    return verb === "align" ? align(boxes, detail, sheet) : spread(boxes, detail);
  }));
}

// everyPage puts the selection on all other pages of its file, at the same place.
export function everyPage({ store, view, actions }) {
  const copies = store.selection().flatMap((component) => view.sheets
    .filter((sheet) => sheet.file === component.fileIndex && sheet.number !== component.page)
    .map((sheet) => actions.copyTo(component, sheet, 0)));
  if (!copies.length) return;
  const selected = [...store.selected];
  store.change([...store.components, ...copies], { select: selected });
  actions.say("everywhere", { count: copies.length + selected.length });
}
