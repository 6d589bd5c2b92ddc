// Saving by itself: a moment after the last change, one request at a time, again after a lost connection. What is not saved yet survives a
// reload in the tab's own memory.

const PAUSE = 600;
const RETRY = 2000; // doubled with each failure
const LONGEST = 32000;
const KEEPALIVE = 6e4; // bytes that a browser still sends for a page that is being left

// plain is what components say, whatever the order in which it is written: the server's is not the page's.
const plain = (components) => JSON.stringify(components.map((one) => Object.entries(one).filter(([, value]) => value).sort()));

export class Saver {
  #timer = null;
  #busy = null; // the save under way
  #failures = 0;
  #saved;
  #refused;

  // report(state, detail) shows the state: saved, dirty, saving, conflict, offline, logout, failed, problems.
  constructor({ url, revision, store, report, send = (...args) => fetch(...args), memory = globalThis.sessionStorage }) {
    Object.assign(this, { url, revision, store, report, send, memory });
    this.#saved = store.components;
    this.stopped = false;
  }

  get dirty() {
    return this.#saved !== this.store.components;
  }

  // restore takes over what this tab could not save the last time. Somebody else may have saved since.
  restore() {
    const { revision, components } = JSON.parse(this.memory?.getItem(this.url) ?? "{}");
    this.memory?.removeItem(this.url);
    if (!components || plain(components) === plain(this.#saved)) return;
    this.store.change(components);
    if (revision === this.revision) this.soon();
    else this.#stop("conflict");
  }

  // keep remembers what is not saved.
  keep() {
    if (this.dirty) this.memory?.setItem(this.url, JSON.stringify({ revision: this.revision, components: this.store.components }));
  }

  // forget gives up what is not saved.
  forget() {
    this.memory?.removeItem(this.url);
    this.#saved = this.store.components;
  }

  // soon saves after a pause, so that a row of changes is one request.
  soon(delay = PAUSE) {
    if (this.stopped) return this.keep();
    if (!this.#busy) this.report(this.dirty ? "dirty" : "saved", null); // undone to what is saved
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), delay);
  }

  // now saves at once; with a save under way it waits for that one and then saves what has changed since, so that whoever waits for now
  // may rely on it.
  async now() {
    clearTimeout(this.#timer);
    if (this.#busy) {
      await this.#busy;
      return this.now();
    }
    const sent = this.store.components;
    if (this.stopped || !this.dirty || sent === this.#refused) return;
    this.report("saving");
    this.#busy = this.#put(sent);
    await this.#busy;
    this.#busy = null;
    if (this.dirty && !this.stopped && !this.#failures && sent !== this.store.components) this.soon();
  }

  async #put(sent) {
    const body = JSON.stringify({ revision: this.revision, components: sent });
    try {
      const response = await this.send(this.url, {
        method: "PUT",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        keepalive: body.length < KEEPALIVE,
        body,
      });
      await this.#answered(response, sent);
      this.#failures = 0;
    } catch ({ message }) {
      this.keep();
      this.report(message === "logout" ? message : "offline");
      this.#timer = setTimeout(() => this.now(), Math.min(RETRY * 2 ** this.#failures++, LONGEST));
    }
  }

  async #answered(response, sent) {
    // Without a session the answer is the page to log in.
    if (response.redirected) throw new Error("logout");
    if (response.ok) {
      const answer = await response.json();
      this.revision = answer.revision;
      this.#saved = sent;
      this.#adopt(answer, sent);
      if (!this.dirty) this.memory?.removeItem(this.url);
      this.report(this.dirty ? "dirty" : "saved", answer);
      return;
    }
    if (response.status === 422) {
      // The server keeps the last good state; the next change is tried again.
      this.#refused = sent;
      this.report("problems", await response.json());
      return;
    }
    if (response.status >= 500 || response.status === 429) throw new Error("try again");
    this.#stop(response.status === 409 ? "conflict" : "failed");
  }

  #stop(state) {
    this.stopped = true;
    this.keep();
    this.report(state);
  }

  // adopt takes over boxes that the server moved, unless they have been changed since.
  #adopt(answer, sent) {
    const moved = new Set(answer.clamped ?? []);
    if (!moved.size) return;
    const before = new Map(sent.map((component) => [component.id, component]));
    const clean = !this.dirty;
    this.store.correct(answer.components.filter(({ id }) => moved.has(id) && this.store.get(id) === before.get(id)));
    if (clean) this.#saved = this.store.components;
  }
}
