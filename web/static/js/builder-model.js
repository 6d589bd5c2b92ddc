// The builder's maths, without a browser: boxes in points (1/72 inch) from the top left of a page, rounded to 0.01.

// TYPES are the kinds of components with the size that they are placed in and the least that they may have.
export const TYPES = {
  SIGN_SEAL: { width: 119, height: 119, least: [20, 20], ratio: true },
  SIGN_SIGNATURE: { width: 119, height: 43, least: [20, 8] },
  SIGN_DATE: { width: 100, height: 20, least: [30, 8] },
  TEXT: { width: 140, height: 20, least: [12, 8] },
  DATE: { width: 100, height: 20, least: [30, 8] },
  SELECT: { width: 140, height: 20, least: [12, 8] },
};

export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

// round gives the precision that is kept and sent.
export const round = (value) => Math.round((value + Number.EPSILON) * 100) / 100 || 0;

const between = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));

// place moves a box into its page, and shrinks it when it is larger than the page.
export function place(box, page) {
  const width = round(Math.min(box.width, page.width));
  const height = round(Math.min(box.height, page.height));
  return {
    x: round(between(box.x, 0, page.width - width)),
    y: round(between(box.y, 0, page.height - height)),
    width,
    height,
  };
}

// centred is the box of a type with its centre at a point.
export function centred(type, point, page) {
  const { width, height } = TYPES[type];
  return place({ x: point.x - width / 2, y: point.y - height / 2, width, height }, page);
}

// resize moves the edges that a handle names to a point and keeps the opposite ones. With ratio, width and height keep their relation:
// a corner follows the longer pull, an edge grows to both sides of the other axis.
export function resize(box, handle, point, page, { ratio = false, least = [8, 8] } = {}) {
  let left = box.x;
  let top = box.y;
  let right = box.x + box.width;
  let bottom = box.y + box.height;
  if (handle.includes("w")) left = between(point.x, 0, right - least[0]);
  if (handle.includes("e")) right = between(point.x, left + least[0], page.width);
  if (handle.includes("n")) top = between(point.y, 0, bottom - least[1]);
  if (handle.includes("s")) bottom = between(point.y, top + least[1], page.height);
  if (!ratio) return rounded(left, top, right - left, bottom - top);
  return inRatio(box, handle, { width: right - left, height: bottom - top }, page, least);
}

function inRatio(box, handle, wanted, page, least) {
  const scaleX = wanted.width / box.width;
  const scaleY = wanted.height / box.height;
  const sideways = handle === "e" || handle === "w";
  const upright = handle === "n" || handle === "s";
  let scale = sideways ? scaleX : upright ? scaleY : Math.max(scaleX, scaleY);
  // What stays: 0 the left or top edge, 1 the right or bottom one, 0.5 the middle.
  const stayX = upright ? 0.5 : handle.includes("w") ? 1 : 0;
  const stayY = sideways ? 0.5 : handle.includes("n") ? 1 : 0;
  scale = Math.min(scale, room(box.x, box.width, page.width, stayX), room(box.y, box.height, page.height, stayY));
  scale = Math.max(scale, least[0] / box.width, least[1] / box.height);
  const width = box.width * scale;
  const height = box.height * scale;
  return rounded(box.x + (box.width - width) * stayX, box.y + (box.height - height) * stayY, width, height);
}

// room is the largest scale of a side that leaves it on the page.
function room(start, length, limit, stay) {
  if (stay === 0) return (limit - start) / length;
  if (stay === 1) return (start + length) / length;
  return Math.min((2 * start) / length + 1, (2 * (limit - start)) / length - 1);
}

const rounded = (x, y, width, height) => ({ x: round(x), y: round(y), width: round(width), height: round(height) });

// grow changes size by the keyboard: the top left corner stays, and with it a seal's ratio.
export function grow(component, dx, dy, page) {
  const { ratio, least } = TYPES[component.type];
  if (!ratio) {
    return resize(component, "se", { x: component.x + component.width + dx, y: component.y + component.height + dy }, page, { least });
  }
  const relation = component.height / component.width;
  const most = Math.min(page.width - component.x, (page.height - component.y) / relation);
  const width = between(component.width + (dx || dy), Math.max(least[0], least[1] / relation), most);
  return rounded(component.x, component.y, width, width * relation);
}

// lines are the positions that a box on a page may snap to: edges, the usual margin of 20 mm, centre, and the other boxes.
export function lines(page, others, margin = 56.69) {
  const across = [0, margin, page.width / 2, page.width - margin, page.width];
  const down = [0, margin, page.height / 2, page.height - margin, page.height];
  for (const box of others) {
    across.push(box.x, box.x + box.width / 2, box.x + box.width);
    down.push(box.y, box.y + box.height / 2, box.y + box.height);
  }
  return { across, down };
}

// nearest is the smallest move that brings one of the places onto one of the lines, within reach.
function nearest(places, targets, reach) {
  let best = null;
  for (const target of targets) {
    for (const at of places) {
      const distance = Math.abs(target - at);
      if (distance <= reach && (!best || distance < best.distance)) best = { distance, move: target - at, target };
    }
  }
  return best;
}

// pull finds the move that brings the given places onto near lines, and the lines that they then touch.
function pull(xs, ys, targets, reach) {
  const x = nearest(xs, targets.across, reach);
  const y = nearest(ys, targets.down, reach);
  return { dx: x?.move ?? 0, dy: y?.move ?? 0, guides: { x: x ? [x.target] : [], y: y ? [y.target] : [] } };
}

// snap moves a box onto near lines by its edges and centre. guides are the lines that it then touches.
export function snap(box, targets, reach) {
  const thirds = (start, length) => [start, start + length / 2, start + length];
  const { dx, dy, guides } = pull(thirds(box.x, box.width), thirds(box.y, box.height), targets, reach);
  return { box: { ...box, x: round(box.x + dx), y: round(box.y + dy) }, guides };
}

// snapPoint does the same for the edges that a handle moves.
export function snapPoint(point, handle, targets, reach) {
  const { dx, dy, guides } = pull(/[we]/.test(handle) ? [point.x] : [], /[ns]/.test(handle) ? [point.y] : [], targets, reach);
  return { point: { x: point.x + dx, y: point.y + dy }, guides };
}

// moveTogether shifts several boxes by one distance, as far as all of them stay on their pages.
export function moveTogether(boxes, dx, dy, pageOf) {
  for (const box of boxes) {
    const page = pageOf(box);
    dx = between(dx, -box.x, page.width - box.width - box.x);
    dy = between(dy, -box.y, page.height - box.height - box.y);
  }
  return boxes.map((box) => ({ ...box, x: round(box.x + dx), y: round(box.y + dy) }));
}

// inReadingOrder sorts components as they are read: file, page, from top to bottom, from left to right.
export const inReadingOrder = (components) =>
  [...components].sort((a, b) => a.fileIndex - b.fileIndex || a.page - b.page || a.y - b.y || a.x - b.x);

// freed is a component after a change. One that stood on a keyword or a form field stands by its coordinates once its box is another.
export function freed(before, after) {
  const same = ["fileIndex", "page", "x", "y", "width", "height"].every((name) => before[name] === after[name]);
  if (same || !after.mode) return after;
  const { mode, anchor, rule, ...free } = after;
  return free;
}

// zoomStep is the next zoom above or below, 50 to 200 per cent.
const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2];
export function zoomStep(zoom, direction) {
  return direction > 0 ? Math.min(2, ...ZOOMS.filter((step) => step > zoom + 0.01)) : Math.max(0.5, ...ZOOMS.filter((step) => step < zoom - 0.01));
}

// zoomBy follows a wheel or a pinch.
export const zoomBy = (zoom, delta) => between(zoom * 2 ** (-delta / 400), 0.5, 2);
