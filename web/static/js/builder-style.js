// How a component looks: ComponentExtra, a JSON text whose keys belong to the platform.

export function extraOf({ extra }) {
  try {
    return JSON.parse(extra || "{}");
  } catch {
    return {};
  }
}

// styled is a component with one key of its style changed; an empty value takes the key away.
export function styled(component, key, value) {
  const { [key]: before, ...style } = extraOf(component);
  if (value !== "" && value?.length !== 0) style[key] = value;
  const changed = { ...component, extra: Object.keys(style).length ? JSON.stringify(style) : "" };
  if (key === "Values" && !value.includes(component.value)) changed.value = "";
  if (key === "Format" && component.type === "DATE") changed.value = dated(isoOf(component.value), value);
  return changed;
}

// The platform writes colours as "255,0,0", the browser as "#ff0000".
export const hexOf = (rgb) => `#${(rgb || "0,0,0").split(",").map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
export const rgbOf = (hex) => hex.slice(1).match(/../g).map((part) => parseInt(part, 16)).join(",");

// dated writes an ISO date by a pattern of yyyy, mm or m, dd or d, as the platform does for the day of signing.
export function dated(iso, pattern = "yyyy年m月d日") {
  const [year, month, day] = iso.split("-");
  if (!day) return "";
  const parts = { yyyy: year, mm: month, m: Number(month), dd: day, d: Number(day) };
  return (pattern || "yyyy年m月d日").replace(/yyyy|mm?|dd?/g, (part) => parts[part]);
}

// isoOf reads such a date again.
export function isoOf(text) {
  const parts = /^(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D*$/.exec(text);
  return parts ? parts.slice(1).map((part) => part.padStart(2, "0")).join("-") : "";
}
