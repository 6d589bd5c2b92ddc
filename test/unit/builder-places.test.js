import assert from "node:assert/strict";
import { test } from "node:test";
import { boxAt, LOCATIONS } from "../../web/static/js/builder-places.js";
import { dated, extraOf, hexOf, isoOf, rgbOf, styled } from "../../web/static/js/builder-style.js";

test("a box lies at its keyword as the platform will put it", () => {
  const hit = { x: 100, y: 200, width: 60, height: 12 };
  const places = { Middle: [110, 196], Below: [110, 212], Right: [160, 196], LowerRight: [160, 212], UpperRight: [160, 180] };
  assert.deepEqual(Object.keys(places), LOCATIONS);
  for (const [location, [x, y]] of Object.entries(places)) {
    assert.deepEqual(boxAt(hit, { width: 40, height: 20 }, { location }), { x, y, width: 40, height: 20 }, location);
  }
  assert.deepEqual(boxAt(hit, { width: 40, height: 20 }, { offsetX: 3, offsetY: -2 }), { x: 113, y: 194, width: 40, height: 20 });
});

test("a style keeps the keys that it does not know, and goes when it is empty", () => {
  const plain = { type: "TEXT", value: "", extra: '{"Rotate":90}' };
  const large = styled(plain, "FontSize", 20);
  assert.deepEqual(extraOf(large), { Rotate: 90, FontSize: 20 });
  assert.equal(styled(large, "FontSize", "").extra, '{"Rotate":90}');
  assert.equal(styled({ ...plain, extra: "" }, "FontAlign", "").extra, "");
  assert.deepEqual(extraOf({ extra: "no JSON" }), {});
});

test("what is chosen is one of the choices", () => {
  const chosen = { type: "SELECT", value: "b", extra: '{"Values":["a","b"]}' };
  assert.equal(styled(chosen, "Values", ["b", "c"]).value, "b");
  assert.equal(styled(chosen, "Values", ["c"]).value, "");
});

test("dates are written and read by their format", () => {
  for (const [pattern, written] of [["", "2026年1月8日"], ["yyyy年mm月dd日", "2026年01月08日"], ["yyyy-mm-dd", "2026-01-08"]]) {
    assert.equal(dated("2026-01-08", pattern), written);
    assert.equal(isoOf(written), "2026-01-08");
  }
  assert.equal(dated("", "yyyy"), "");
  assert.equal(styled({ type: "DATE", value: "2026年1月8日" }, "Format", "yyyy/mm/dd").value, "2026/01/08");
});

test("colours go to the platform and back", () => {
  assert.equal(rgbOf("#ff0080"), "255,0,128");
  assert.equal(hexOf("255,0,128"), "#ff0080");
  assert.equal(hexOf(""), "#000000");
});
