// The arithmetic of an inclusion proof (RFC 9162, 2.1.3.2), with nothing but SHA-256.

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const base64 = (data) => btoa(String.fromCharCode(...data));

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

/**
 * The nodes, in base64, on the way from the leaf at an index of a tree of some size to the root: the leaf's hash first, the root last; null where
 * the path cannot be one of such a leaf.
 */
export async function inclusion(text, index, size, siblings) {
  let node = await sha256(Uint8Array.of(0), new TextEncoder().encode(text));
  let last = size - 1;
  const nodes = [base64(node)];
  for (const sibling of siblings.map(bytes)) {
    if (last === 0) return null;
    if (index % 2 === 1 || index === last) {
      node = await sha256(Uint8Array.of(1), sibling, node);
      while (index % 2 === 0 && index > 0) {
        index /= 2;
        last = Math.floor(last / 2);
      }
    } else node = await sha256(Uint8Array.of(1), node, sibling);
    nodes.push(base64(node));
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? nodes : null;
}

/** The root that a checkpoint states for a tree of some size; undefined where it states none, such as one of a closed segment. */
export function rootOf(checkpoint, size) {
  const [, stated, root] = checkpoint.split("\n");
  return Number(stated) === size ? root : undefined;
}
