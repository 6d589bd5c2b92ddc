// Measures what is drawn on a page of a PDF, through a renderer that is not ours.
import { execFileSync } from "node:child_process";

const dpi = 288;

/** Renders one page with pdftoppm and returns { width, height, at(x, y) → [r, g, b], scale: pixels a point }. */
export function renderPage(file, page) {
  const ppm = execFileSync("pdftoppm", ["-r", String(dpi), "-f", String(page), "-l", String(page), file], { maxBuffer: 1 << 28 });
  const head = ppm.subarray(0, 64).toString("latin1").match(/^P6\s+(\d+)\s+(\d+)\s+255\s/);
  if (!head) throw new Error("pdftoppm gave no picture");
  const [width, height] = [Number(head[1]), Number(head[2])];
  const start = head[0].length;
  return {
    width,
    height,
    scale: dpi / 72,
    at(x, y) {
      const i = start + 3 * (y * width + x);
      return [ppm[i], ppm[i + 1], ppm[i + 2]];
    },
  };
}

/** The box of the pixels that pass, in points from the top left: { x, y, width, height }; null for none. */
export function boxOf(picture, passes, within = { x: 0, y: 0, width: Infinity, height: Infinity }) {
  const { scale } = picture;
  const left = Math.max(0, Math.floor(within.x * scale));
  const top = Math.max(0, Math.floor(within.y * scale));
  const right = Math.min(picture.width, Math.ceil((within.x + within.width) * scale));
  const bottom = Math.min(picture.height, Math.ceil((within.y + within.height) * scale));
  let box = null;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (!passes(picture.at(x, y))) continue;
      box ??= { minX: x, minY: y, maxX: x, maxY: y };
      box.minX = Math.min(box.minX, x);
      box.maxX = Math.max(box.maxX, x);
      box.maxY = y;
    }
  }
  if (!box) return null;
  return {
    x: box.minX / scale,
    y: box.minY / scale,
    width: (box.maxX + 1 - box.minX) / scale,
    height: (box.maxY + 1 - box.minY) / scale,
  };
}

export const isRed = ([r, g, b]) => r > 150 && g < 110 && b < 110;
/** Black, or the pen blue of what is added to a signed file. */
export const isInk = ([r, g, b]) => r < 110 && g < 110 && b < 190;
export const centre = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
