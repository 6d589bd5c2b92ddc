import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { inclusion, rootOf } from "../../web/static/js/proof-check.js";

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const leaf = (text) => sha256(Buffer.of(0), Buffer.from(text));
const pair = (left, right) => sha256(Buffer.of(1), left, right);

/** The root of the leaves and the path of one, straight from the definition of RFC 6962. */
function tree(texts, index) {
  if (texts.length === 1) return { root: leaf(texts[0]), path: [] };
  let half = 1;
  while (half * 2 < texts.length) half *= 2;
  const [left, right] = [texts.slice(0, half), texts.slice(half)];
  const inLeft = index < half;
  const mine = inLeft ? tree(left, index) : tree(right, index - half);
  const other = inLeft ? tree(right, 0).root : tree(left, 0).root;
  return { root: inLeft ? pair(mine.root, other) : pair(other, mine.root), path: [...mine.path, other] };
}

test("every leaf of every small tree leads to the root, and no other text does", async () => {
  for (let size = 1; size <= 17; size++) {
    const texts = Array.from({ length: size }, (_, i) => `sealdesk-audit-1\n1:${i},合同`);
    for (let index = 0; index < size; index++) {
      const { root, path } = tree(texts, index);
      const siblings = path.map((hash) => hash.toString("base64"));
      const want = root.toString("base64");
      const nodes = await inclusion(texts[index], index, size, siblings);
      assert.equal(nodes[0], leaf(texts[index]).toString("base64"));
      assert.equal(nodes.length, path.length + 1);
      const rootBy = async (...proof) => (await inclusion(...proof))?.at(-1);
      assert.equal(nodes.at(-1), want, `${index} of ${size}`);
      assert.notEqual(await rootBy(texts[index] + " ", index, size, siblings), want, "another text");
      if (size > 1) {
        assert.notEqual(await rootBy(texts[index], index, size, siblings.slice(1)), want, "a step is missing");
        assert.notEqual(await rootBy(texts[index], (index + 1) % size, size, siblings), want, "another place");
      }
      assert.equal(await inclusion(texts[index], index, size, [...siblings, want]), null, "a step too many");
    }
  }
});

test("a checkpoint states the root of its own tree only", () => {
  const checkpoint = "sealdesk/portal\n208\ny5OQigUWjaqLkGOCkZ9cYGJmzCNqEyqeJKPIEa8OXgU=\ntime 2026-11-23T20:36:23Z\n\n— sealdesk/portal CVbInMqt\n";
  assert.equal(rootOf(checkpoint, 208), "y5OQigUWjaqLkGOCkZ9cYGJmzCNqEyqeJKPIEa8OXgU=");
  assert.equal(rootOf(checkpoint, 207), undefined);
});
