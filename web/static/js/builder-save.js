// Saving by itself: a moment after the last change, one request at a time, again after a lost connection.

const PAUSE = 600;
const RETRY = 2000; // doubled with each failure
const LONGEST = 32000;

export class Saver {
  #timer = null;
  #busy = false;
  #failures = 0;
  #saved;

  // report(state, detail) shows the state: saved, dirty, saving, conflict, offline, failed, problems.
  constructor({ url, revision, store, report, send = (...args) => fetch(...args) }) {
    Object.assign(this, { url, revision, store, report, send });
    this.#saved = store.components;
    this.stopped = false;
  }

  get dirty() {
    return this.#saved !== this.store.components;
  }

  // soon saves after a pause, so that a row of changes is one request.
  soon(delay = PAUSE) {
    if (this.stopped) return;
    if (!this.#busy) this.report("dirty");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), delay);
  }

  async now() {
    clearTimeout(this.#timer);
    if (this.#busy || this.stopped || !this.dirty) return;
    this.#busy = true;
    this.report("saving");
    const sent = this.store.components;
    try {
      const response = await this.send(this.url, {
        method: "PUT",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ revision: this.revision, components: sent }),
      });
      await this.#answered(response, sent);
      this.#failures = 0;
    } catch {
      this.report("offline");
      this.#timer = setTimeout(() => this.now(), Math.min(RETRY * 2 ** this.#failures++, LONGEST));
    } finally {
      this.#busy = false;
    }
    if (this.dirty && !this.stopped && !this.#failures) this.soon();
  }

  async #answered(response, sent) {
    if (response.ok) {
      const answer = await response.json();
      this.revision = answer.revision;
      this.#saved = sent;
      this.#adopt(answer, sent);
      this.report(this.dirty ? "dirty" : "saved", answer);
      return;
    }
    if (response.status === 422) {
      // The server keeps the last good state; the next change is tried again.
      this.#saved = sent;
      this.report("problems", await response.json());
      return;
    }
    if (response.status >= 500 || response.status === 429) throw new Error("try again");
    this.stopped = true;
    this.report(response.status === 409 ? "conflict" : "failed");
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
