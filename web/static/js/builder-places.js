// Where a box lies at a keyword or on a form field. The same rules as the platform's, so that what is shown is what will be.

export const LOCATIONS = ["Middle", "Below", "Right", "LowerRight", "UpperRight"];

// boxAt is a box of a size at a hit, moved by an offset; everything in points.
export function boxAt(hit, { width, height }, { location = "Middle", offsetX = 0, offsetY = 0 } = {}) {
  const right = location === "Middle" || location === "Below" ? hit.x + (hit.width - width) / 2 : hit.x + hit.width;
  const down = {
    Below: hit.y + hit.height, LowerRight: hit.y + hit.height, UpperRight: hit.y - height,
  }[location] ?? hit.y + (hit.height - height) / 2;
  return { x: right + offsetX, y: down + offsetY, width, height };
}
