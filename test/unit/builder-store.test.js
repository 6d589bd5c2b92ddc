import assert from "node:assert/strict";
import { test } from "node:test";
import { Saver } from "../../web/static/js/builder-save.js";
import { Store } from "../../web/static/js/builder-store.js";

const component = (id, x = 0) => ({ id, type: "TEXT", x, y: 0, width: 140, height: 20 });

test("undo and redo give back the very same components", () => {
  const first = [component("a")];
  const store = new Store(first);
  store.change([...first, component("b")]);
  store.update([component("a", 5)]);
  const last = store.components;
  assert.ok(store.undo() && store.undo());
  assert.equal(store.components, first);
  assert.equal(store.undo(), false);
  assert.ok(store.redo() && store.redo());
  assert.equal(store.components, last);
  assert.equal(store.redo(), false);
});

test("changes in a row are undone as one, until something else happens", () => {
  const store = new Store([component("a")]);
  for (let x = 1; x <= 5; x++) store.update([component("a", x)], { merge: "move" });
  store.sealed();
  store.update([component("a", 6)], { merge: "move" });
  store.undo();
  assert.equal(store.get("a").x, 5);
  store.undo();
  assert.equal(store.get("a").x, 0);
});

test("a new change forgets what was undone; what is gone is not selected", () => {
  const store = new Store([component("a"), component("b")]);
  store.select("a", "b");
  store.change([component("a")]);
  assert.deepEqual([...store.selected], ["a"]);
  store.undo();
  store.change([]);
  assert.equal(store.canRedo, false);
  assert.deepEqual(store.selection(), []);
});

test("a component on a keyword stands by its coordinates once its box is another, and undoing ties it again", () => {
  const tied = { ...component("a"), mode: 3, anchor: "甲方", rule: "{}" };
  const store = new Store([tied]);
  store.update([{ ...tied, value: "x" }]);
  assert.equal(store.get("a").anchor, "甲方");
  store.update([{ ...store.get("a"), x: 1 }]);
  assert.deepEqual(store.get("a"), { ...component("a", 1), value: "x" });
  store.undo();
  assert.equal(store.get("a").mode, 3);
});

// server answers each request with the next of its answers and keeps what was sent.
function server(...answers) {
  const requests = [];
  const send = async (url, { body }) => {
    requests.push(JSON.parse(body));
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status });
  };
  return { requests, send };
}

function saver(store, send) {
  const states = [];
  const it = new Saver({ url: "/drafts/1/components", revision: 7, store, send, report: (state) => states.push(state) });
  return { it, states };
}

test("saving sends the revision and takes the next one", async () => {
  const store = new Store([component("a")]);
  const { requests, send } = server({ status: 200, body: { revision: 8 } }, { status: 200, body: { revision: 9 } });
  const { it, states } = saver(store, send);
  await it.now();
  assert.equal(requests.length, 0, "nothing has changed");
  store.update([component("a", 3)]);
  assert.ok(it.dirty);
  await it.now();
  store.update([component("a", 4)]);
  await it.now();
  assert.deepEqual(requests.map(({ revision }) => revision), [7, 8]);
  assert.equal(requests[1].components[0].x, 4);
  assert.deepEqual(states, ["saving", "saved", "saving", "saved"]);
});

test("boxes that the server moved are taken over without a further save", async () => {
  const store = new Store([component("a")]);
  const { requests, send } = server({ status: 200, body: { revision: 8, clamped: ["a"], components: [component("a", 455.28)] } });
  const { it } = saver(store, send);
  store.update([component("a", 900)]);
  await it.now();
  assert.equal(store.get("a").x, 455.28);
  assert.equal(it.dirty, false);
  assert.equal(requests.length, 1);
});

test("whoever waits for a save waits for the one under way and for what has changed since", async () => {
  const store = new Store([component("a")]);
  const { requests, send } = server({ status: 200, body: { revision: 8 } }, { status: 200, body: { revision: 9 } });
  const { it } = saver(store, send);
  store.update([component("a", 1)]);
  const first = it.now();
  store.update([component("a", 2)]);
  await it.now();
  assert.deepEqual([it.dirty, requests.map(({ components: [{ x }] }) => x), requests.map(({ revision }) => revision)], [false, [1, 2], [7, 8]]);
  await first;
});

test("a conflict ends saving", async () => {
  const store = new Store([component("a")]);
  const { requests, send } = server({ status: 409 });
  const { it, states } = saver(store, send);
  store.update([component("a", 1)]);
  await it.now();
  store.update([component("a", 2)]);
  await it.now();
  assert.equal(requests.length, 1);
  assert.equal(states.at(-1), "conflict");
});

test("refused components are reported, and the next change is tried again", async () => {
  const store = new Store([component("a")]);
  const { requests, send } = server({ status: 422, body: { errors: [{ id: "a", message: "no" }] } }, { status: 200, body: { revision: 8 } });
  const { it, states } = saver(store, send);
  store.update([component("a", 1)]);
  await it.now();
  store.update([component("a", 2)]);
  await it.now();
  assert.equal(requests.length, 2);
  assert.deepEqual(states, ["saving", "problems", "saving", "saved"]);
});

test("a lost connection is tried again by itself", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const store = new Store([component("a")]);
  const { requests, send } = server(new TypeError("network"), { status: 502 }, { status: 200, body: { revision: 8 } });
  const { it, states } = saver(store, send);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  store.update([component("a", 1)]);
  await it.now();
  context.mock.timers.tick(2000);
  await settled();
  context.mock.timers.tick(4000);
  await settled();
  assert.equal(requests.length, 3);
  assert.equal(states.at(-1), "saved");
});

test("what could not be saved survives a reload, and meets a newer draft as a conflict", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const memory = new Map();
  const storage = { getItem: (key) => memory.get(key) ?? null, setItem: (key, value) => memory.set(key, value), removeItem: (key) => memory.delete(key) };
  const open = (revision, components) => {
    const store = new Store(components);
    const states = [];
    const it = new Saver({ url: "/d", revision, store, memory: storage, send: async () => { throw new TypeError("network"); }, report: (state) => states.push(state) });
    return { store, it, states };
  };
  const first = open(7, [component("a")]);
  first.store.update([component("a", 5)]);
  first.it.keep();
  const again = open(7, [component("a")]);
  again.it.restore();
  assert.equal(again.store.get("a").x, 5);
  assert.equal(again.it.stopped, false);
  again.it.keep();
  const newer = open(8, [component("b")]);
  newer.it.restore();
  assert.deepEqual([newer.store.get("a").x, newer.states.at(-1), newer.it.stopped], [5, "conflict", true]);
  // What the server got after all is nothing to restore.
  const same = open(9, [{ value: "", ...component("a", 5), movable: false }]); // as the server writes it
  same.it.restore();
  assert.deepEqual([same.it.dirty, memory.size], [false, 0]);
});
