import assert from "node:assert/strict";
import { test } from "node:test";
import { align, spread } from "../../web/static/js/builder-arrange.js";
import * as model from "../../web/static/js/builder-model.js";

const A4 = { width: 595.28, height: 841.89 };
const box = (x, y, width, height) => ({ x, y, width, height });

test("lengths keep two decimals", () => {
  assert.equal(model.round(1.005), 1.01);
  assert.equal(model.round(0.1 + 0.2), 0.3);
  assert.equal(model.round(-3.456), -3.46);
});

test("a box is kept on its page", () => {
  assert.deepEqual(model.place(box(-5, 900, 119, 119), A4), box(0, 722.89, 119, 119));
  assert.deepEqual(model.place(box(590, 10, 100, 20), A4), box(495.28, 10, 100, 20));
  assert.deepEqual(model.place(box(10, 10, 1000, 20), A4), box(0, 10, 595.28, 20));
});

test("each type is placed in its own size around the point", () => {
  const sizes = { SIGN_SEAL: [119, 119], SIGN_SIGNATURE: [119, 43], SIGN_DATE: [100, 20], TEXT: [140, 20] };
  for (const [type, [width, height]] of Object.entries(sizes)) {
    assert.deepEqual(model.centred(type, { x: 300, y: 400 }, A4), box(300 - width / 2, 400 - height / 2, width, height));
  }
  assert.deepEqual(model.centred("SIGN_SEAL", { x: 0, y: 0 }, A4), box(0, 0, 119, 119));
});

test("a handle moves its own edges only", () => {
  const start = box(100, 200, 140, 20);
  const cases = {
    nw: [{ x: 90, y: 190 }, box(90, 190, 150, 30)],
    n: [{ x: 0, y: 190 }, box(100, 190, 140, 30)],
    ne: [{ x: 250, y: 195 }, box(100, 195, 150, 25)],
    e: [{ x: 300, y: 0 }, box(100, 200, 200, 20)],
    se: [{ x: 300, y: 300 }, box(100, 200, 200, 100)],
    s: [{ x: 0, y: 230 }, box(100, 200, 140, 30)],
    sw: [{ x: 50, y: 230 }, box(50, 200, 190, 30)],
    w: [{ x: 120, y: 0 }, box(120, 200, 120, 20)],
  };
  assert.deepEqual(Object.keys(cases), model.HANDLES);
  for (const [handle, [point, want]] of Object.entries(cases)) {
    assert.deepEqual(model.resize(start, handle, point, A4), want, handle);
  }
});

test("a box neither turns over nor leaves the page while it is resized", () => {
  const start = box(100, 200, 140, 20);
  assert.deepEqual(model.resize(start, "e", { x: 0, y: 0 }, A4, { least: [12, 8] }), box(100, 200, 12, 20));
  assert.deepEqual(model.resize(start, "nw", { x: 900, y: 900 }, A4, { least: [12, 8] }), box(228, 212, 12, 8));
  assert.deepEqual(model.resize(start, "se", { x: 9999, y: 9999 }, A4), box(100, 200, 495.28, 641.89));
});

test("a seal keeps its ratio at every handle, and stays on the page", () => {
  const start = box(100, 100, 119, 119);
  for (const handle of model.HANDLES) {
    for (const point of [{ x: 20, y: 60 }, { x: 400, y: 180 }, { x: -500, y: 2000 }, { x: 160, y: 160 }]) {
      const sized = model.resize(start, handle, point, A4, { ratio: true, least: [20, 20] });
      assert.ok(Math.abs(sized.width - sized.height) <= 0.011, `${handle} ${JSON.stringify(sized)}`);
      assert.deepEqual(model.place(sized, A4), sized, `${handle} leaves the page`);
      assert.ok(sized.width >= 20);
    }
  }
  assert.deepEqual(model.resize(start, "se", { x: 300, y: 100 }, A4, { ratio: true, least: [20, 20] }), box(100, 100, 200, 200));
  assert.deepEqual(model.resize(start, "w", { x: 81, y: 0 }, A4, { ratio: true, least: [20, 20] }), box(81, 90.5, 138, 138));
});

test("the keyboard resizes from the top left", () => {
  assert.deepEqual(model.grow({ type: "TEXT", ...box(10, 10, 140, 20) }, 1, 0, A4), box(10, 10, 141, 20));
  assert.deepEqual(model.grow({ type: "TEXT", ...box(10, 10, 140, 20) }, 0, -10, A4), box(10, 10, 140, 10));
  assert.deepEqual(model.grow({ type: "SIGN_SEAL", ...box(10, 10, 119, 119) }, -1, 0, A4), box(10, 10, 118, 118));
  assert.deepEqual(model.grow({ type: "SIGN_SEAL", ...box(10, 10, 119, 119) }, 0, -500, A4), box(10, 10, 20, 20));
  assert.deepEqual(model.grow({ type: "SIGN_SEAL", ...box(500, 10, 90, 90) }, 50, 0, A4), box(500, 10, 95.28, 95.28));
});

test("a box snaps to the page's centre, its margin and other boxes, within reach only", () => {
  const other = box(320, 500, 100, 20);
  const targets = model.lines(A4, [other]);
  const middle = model.snap(box(236, 200, 119, 119), targets, 4);
  assert.deepEqual(middle.box, box(238.14, 200, 119, 119));
  assert.deepEqual(middle.guides, { x: [297.64], y: [] });
  const margin = model.snap(box(58, 55, 119, 119), targets, 4);
  assert.deepEqual([margin.box.x, margin.box.y], [56.69, 56.69]);
  const beside = model.snap(box(318, 522, 100, 20), targets, 4);
  assert.deepEqual([beside.box.x, beside.box.y], [320, 520]);
  const free = model.snap(box(120, 300, 119, 119), targets, 1);
  assert.deepEqual(free.box, box(120, 300, 119, 119));
  assert.deepEqual(free.guides, { x: [], y: [] });
});

test("a resized edge snaps, the other edges do not", () => {
  const targets = model.lines(A4, [box(300, 500, 100, 20)]);
  const { point, guides } = model.snapPoint({ x: 398, y: 519 }, "e", targets, 4);
  assert.deepEqual(point, { x: 400, y: 519 });
  assert.deepEqual(guides, { x: [400], y: [] });
});

test("several boxes move together and stop together", () => {
  const boxes = [box(10, 10, 100, 20), box(400, 30, 100, 20)];
  assert.deepEqual(model.moveTogether(boxes, 200, -50, () => A4).map(({ x, y }) => [x, y]), [[105.28, 0], [495.28, 20]]);
});

test("alignment of several boxes and of one", () => {
  const boxes = [box(10, 10, 100, 20), box(50, 100, 40, 60)];
  const xs = (edge) => align(boxes, edge, A4).map(({ x }) => x);
  const ys = (edge) => align(boxes, edge, A4).map(({ y }) => y);
  assert.deepEqual([xs("left"), xs("center"), xs("right")], [[10, 10], [10, 40], [10, 70]]);
  assert.deepEqual([ys("top"), ys("middle"), ys("bottom")], [[10, 10], [75, 55], [140, 100]]);
  assert.deepEqual(align([box(10, 10, 95.28, 20)], "center", A4)[0].x, 250);
  assert.deepEqual(align([box(10, 10, 95.28, 20)], "bottom", A4)[0].y, 821.89);
});

test("spreading makes the gaps equal and keeps the order given", () => {
  const boxes = [box(300, 0, 50, 10), box(0, 0, 50, 10), box(60, 0, 50, 10)];
  assert.deepEqual(spread(boxes, "h").map(({ x }) => x), [300, 0, 150]);
  assert.deepEqual(spread(boxes.slice(1), "h"), boxes.slice(1));
});

test("zoom has ends", () => {
  assert.equal(model.zoomStep(1, 1), 1.25);
  assert.equal(model.zoomStep(0.62, -1), 0.5);
  assert.equal(model.zoomStep(0.45, 1), 0.5);
  assert.equal(model.zoomStep(2, 1), 2);
  assert.equal(model.zoomStep(0.5, -1), 0.5);
});

test("components are listed as they are read", () => {
  const at = (id, fileIndex, page, x, y) => ({ id, fileIndex, page, x, y });
  const list = [at("d", 1, 1, 0, 0), at("c", 0, 2, 0, 0), at("b", 0, 1, 50, 10), at("a", 0, 1, 5, 10)];
  assert.deepEqual(model.inReadingOrder(list).map(({ id }) => id), ["a", "b", "c", "d"]);
});
