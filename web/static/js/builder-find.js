// Placing at keywords and on form fields: the server finds the places, they are shown on the pages, and then boxes are put there.
import { place, TYPES } from "./builder-model.js";
import { boxAt } from "./builder-places.js";
import { make } from "./builder-view.js";

export class Finder {
  #hits = [];
  #marks = [];

  constructor({ root, text, view, actions, signal }) {
    Object.assign(this, { text, view, actions, signal });
    this.form = root.querySelector("#builder-find");
    this.url = this.form.dataset.places;
    this.result = this.form.querySelector(".find-result");
    this.list = this.form.querySelector("ul");
    this.form.addEventListener("click", ({ target }) => {
      const command = target.closest("button")?.dataset.find;
      if (command) this[command]();
    }, { signal });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.name !== "keyword") return;
      event.preventDefault();
      this.keyword();
    }, { signal });
    this.form.addEventListener("input", () => this.#draw(), { signal });
    this.form.parentElement.addEventListener("toggle", ({ target }) => !target.open && this.clear(), { signal });
  }

  #field(name) {
    return this.form.querySelector(`[name=${name}]`);
  }

  keyword() {
    const keyword = this.#field("keyword").value.trim();
    if (keyword) this.#ask({ keyword, alone: this.#field("alone").checked });
    else this.#field("keyword").focus();
  }

  fields() {
    this.#ask({ keyword: "" });
  }

  async #ask(question) {
    this.clear();
    this.result.textContent = this.text("searching");
    try {
      const response = await fetch(this.url, { method: "POST", body: new URLSearchParams(question), headers: { Accept: "application/json" }, signal: this.signal });
      if (!response.ok || response.redirected) throw new Error(response.status);
      this.#show(await response.json(), question);
    } catch {
      this.result.textContent = this.text("search-failed");
    }
  }

  #show(hits, { keyword }) {
    this.#hits = hits;
    this.result.textContent = this.text(hits.length ? "found" : keyword ? "found-none" : "fields-none", { count: hits.length });
    this.list.replaceChildren(...hits.map((hit, index) => {
      const line = make("label", "check");
      const box = make("input");
      Object.assign(box, { type: "checkbox", value: index, checked: true });
      line.append(box, make("span", "", this.text("hit", { anchor: hit.name, page: hit.page, file: this.view.data.files[hit.fileIndex].name })));
      const row = make("li");
      row.append(line);
      return row;
    }));
    this.form.querySelector(".find-place").hidden = !hits.length;
    this.#draw();
    this.#marks[0]?.scrollIntoView({ block: "center" });
  }

  // chosen are the ticked hits, each with its sheet and the box that would be put there.
  #chosen() {
    const type = this.#field("type").value;
    const rule = { location: this.#field("location").value, offsetX: Number(this.#field("offsetX").value), offsetY: Number(this.#field("offsetY").value) };
    return [...this.list.querySelectorAll(":checked")].map(({ value }) => {
      const hit = this.#hits[value];
      const sheet = this.view.sheetOf(hit);
      const onField = !hit.keyword && !type.startsWith("SIGN_S");
      return { hit, sheet, type, rule, box: place(boxAt(hit, onField ? hit : TYPES[type], hit.keyword ? rule : {}), sheet) };
    });
  }

  // draw marks the hits on the pages, and the boxes to come.
  #draw() {
    for (const mark of this.#marks) mark.remove();
    this.#marks = [];
    const mark = (sheet, box, name) => {
      const element = make("div", name);
      this.view.position(element, box, sheet);
      sheet.layer.append(element);
      this.#marks.push(element);
    };
    for (const hit of this.#hits) mark(this.view.sheetOf(hit), hit, "hit");
    const chosen = this.#chosen();
    for (const { sheet, box } of chosen) mark(sheet, box, `hit-box color-${this.view.color(this.actions)}`);
    const button = this.form.querySelector("[data-find=put]");
    button.disabled = !chosen.length;
    button.textContent = this.text("place-here", { count: chosen.length });
  }

  first() {
    this.#tick((index) => index === 0);
  }

  last() {
    this.#tick((index) => index === this.#hits.length - 1);
  }

  all() {
    this.#tick(() => true);
  }

  #tick(wanted) {
    for (const box of this.list.querySelectorAll("input")) box.checked = wanted(Number(box.value));
    this.#draw();
  }

  put() {
    const keep = this.#field("keep").checked;
    const added = this.#chosen().map(({ hit, sheet, type, rule, box }) => ({
      ...this.actions.make(type, sheet, box), ...(keep && anchored(hit, rule)),
    }));
    this.clear();
    this.actions.insert(added, "pasted");
  }

  clear() {
    this.#show([], {});
    this.result.textContent = "";
  }
}

// anchored is what ties a component to its keyword or form field.
function anchored({ keyword, name, index }, { location, offsetX, offsetY }) {
  if (!keyword) return { mode: 1, anchor: name };
  return { mode: 3, anchor: keyword, rule: JSON.stringify({ KeywordIndexes: [index], RelativeLocation: location, OffsetX: offsetX, OffsetY: offsetY }) };
}
