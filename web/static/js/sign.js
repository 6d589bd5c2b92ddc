// The signers' page: signatures by hand, the code by text message, and the time for reading. Everything else works without scripts.
import SignaturePad from "../../../node_modules/signature_pad/dist/signature_pad.js";
import { toast, word } from "./toast.js";

const form = document.querySelector("[data-sign-form]");

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
// Whoever enlarges a page with two fingers gets the large pictures.
window.visualViewport?.addEventListener("resize", () => {
  if (window.visualViewport.scale > 1.2) for (const picture of document.querySelectorAll("img[sizes]")) picture.sizes = "75rem";
});
if (form) {
  for (const group of form.querySelectorAll("[data-group]")) watchGroup(group);
  watchBar(document.querySelector("[data-sign-bar]"));
  watchReading();
  form.querySelector("[data-send-code]")?.addEventListener("click", sendCode);
  let sent = false;
  watchChecks();
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formTarget === "_blank") return; // a check opens beside this page, which stays
    // A second tap must not sign twice, nor say that it failed.
    if (sent) event.preventDefault();
    sent = true;
    form.setAttribute("aria-busy", "true");
  });
  // A page that comes back from the browser's own history may be sent again.
  window.addEventListener("pageshow", () => {
    sent = false;
    form.removeAttribute("aria-busy");
  });
}

/** Shows in the boxes on the pages what is chosen in a group, and lets one sign by hand. */
function watchGroup(group) {
  const choices = [...group.querySelectorAll("input[type=radio]")];
  const box = group.querySelector("[data-pad]");
  const pad = box && makePad(box, () => show(pad.picture()));
  const marks = [...document.querySelectorAll(`[data-mark="${CSS.escape(group.dataset.group)}"]`)];
  const show = (picture) => {
    for (const mark of marks) {
      const image = mark.querySelector("image");
      mark.classList.toggle("mark-filled", Boolean(picture));
      if (picture) image.setAttribute("href", picture);
      else image.removeAttribute("href");
    }
  };
  const update = () => {
    const chosen = choices.find((choice) => choice.checked);
    const byHand = Boolean(pad) && chosen?.value === "hand";
    if (box) box.hidden = !byHand;
    if (byHand) pad.open();
    show(byHand ? pad.picture() : chosen?.dataset.picture);
  };
  // With a script, a hand can be asked for where there is no seal.
  if (pad && !choices.some((choice) => choice.checked)) choices.at(-1).checked = true;
  group.addEventListener("change", update);
  update();
}

/** A pad whose drawing stands, cut to its ink, as base64 in the hidden field beside it. */
function makePad(box, changed) {
  const canvas = box.querySelector("canvas");
  const field = box.querySelector("[data-drawing]");
  let pad;
  const keep = () => {
    field.value = pad.isEmpty() ? "" : cut(pad).split(",")[1];
    changed();
  };
  const fit = () => {
    const ratio = Math.max(window.devicePixelRatio || 1, 1);
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio))) return;
    const strokes = pad?.toData();
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.getContext("2d").scale(ratio, ratio);
    if (strokes?.length) pad.fromData(strokes);
  };
  const open = () => {
    fit();
    if (pad) return;
    pad = new SignaturePad(canvas, { minWidth: 0.9, maxWidth: 3.2, penColor: "#101418" });
    pad.addEventListener("endStroke", keep);
    box.querySelector("[data-pad-clear]").addEventListener("click", () => {
      pad.clear();
      keep();
    });
    box.querySelector("[data-pad-undo]").addEventListener("click", () => {
      pad.fromData(pad.toData().slice(0, -1));
      keep();
    });
    new ResizeObserver(fit).observe(canvas);
  };
  return { open, picture: () => (field.value ? `data:image/png;base64,${field.value}` : "") };
}

/** The drawing as a PNG without the empty space around it, at most 800 pixels wide and at least 64 either way. */
function cut(pad) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points } of pad.toData()) {
    for (const { x, y } of points) {
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  const margin = 6;
  const [width, height] = [right - left + 2 * margin, bottom - top + 2 * margin];
  const scale = Math.min(2, 800 / width, 600 / height);
  const copy = document.createElement("canvas");
  copy.width = Math.max(64, Math.ceil(width * scale));
  copy.height = Math.max(64, Math.ceil(height * scale));
  const context = copy.getContext("2d");
  const [aside, above] = [(copy.width - width * scale) / 2, (copy.height - height * scale) / 2];
  context.setTransform(scale, 0, 0, scale, (margin - left) * scale + aside, (margin - top) * scale + above);
  const drawing = new SignaturePad(copy, { minWidth: pad.minWidth, maxWidth: pad.maxWidth, penColor: pad.penColor });
  drawing.fromData(pad.toData(), { clear: false });
  drawing.off();
  return copy.toDataURL("image/png");
}

/** Asks for a code without leaving the page, so that the drawing stays. */
async function sendCode(event) {
  event.preventDefault();
  const button = event.currentTarget;
  const label = button.querySelector("span");
  const text = label.textContent;
  button.disabled = true;
  try {
    const answer = await fetch(button.formAction, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams() });
    const { kind, text: message, wait, simulated } = await answer.json();
    toast(kind, message);
    const shown = form.querySelector("[data-simulated-message]");
    shown.textContent = simulated ?? shown.textContent;
    shown.hidden = !shown.textContent;
    form.querySelector("[name=VerifyResult]").focus();
    for (let left = wait; left > 0; left--) {
      label.textContent = button.dataset.textAgain.replace("%n", left);
      await new Promise((done) => setTimeout(done, 1000));
    }
  } catch {
    toast("danger", word("offline"));
  }
  label.textContent = text;
  button.disabled = false;
}

/** Says which checks are passed when the reader comes back from the tab of one, and chooses what they went for. */
function watchChecks() {
  const notes = [...form.querySelectorAll("[data-check]")];
  if (!notes.length) return;
  form.addEventListener("click", (event) => {
    const channel = event.target.closest(".sign-check")?.querySelector("[data-check]").dataset.check;
    const choice = channel && form.querySelector(`input[name=VerifyChannel][value="${CSS.escape(channel)}"]`);
    if (choice?.type === "radio") choice.checked = true;
  });
  const ask = async () => {
    if (document.hidden) return;
    try {
      const passed = await (await fetch(form.dataset.checks)).json();
      for (const note of notes) note.hidden = !passed[note.dataset.check];
    } catch {
      // The server looks again when the contract is signed.
    }
  };
  document.addEventListener("visibilitychange", ask);
  window.addEventListener("focus", ask);
}

/** Hides the bar at the bottom while the form itself can be seen. */
function watchBar(bar) {
  if (!bar) return;
  new IntersectionObserver(([entry]) => {
    bar.hidden = entry.isIntersecting;
  }, { rootMargin: "0px 0px -120px 0px" }).observe(form);
  const marks = [...document.querySelectorAll("[data-mark]")];
  const next = bar.querySelector("[data-next-mark]");
  let at = -1;
  next?.addEventListener("click", (event) => {
    event.preventDefault();
    at = (at + 1) % marks.length;
    marks[at].scrollIntoView({ block: "center", behavior: "smooth" });
    marks[at].focus({ preventScroll: true });
  });
}

/** Keeps the main button shut until the signer has read for long enough and has seen every page. The server checks it too. */
function watchReading() {
  const submits = form.querySelectorAll("[data-sign-submit], [data-sign-enter]");
  const note = form.querySelector("[data-reading]");
  let seconds = Number(form.dataset.readSeconds ?? 0);
  const unseen = new Set(form.dataset.fullText ? document.querySelectorAll("[data-page]") : []);
  const update = () => {
    const early = seconds > 0 || unseen.size > 0;
    for (const submit of submits) submit.disabled = early;
    if (seconds > 0) note.textContent = note.dataset.textWait.replace("%n", seconds);
    else if (unseen.size > 0) note.textContent = note.dataset.textPages;
    else if (note.textContent) note.textContent = "";
  };
  if (!seconds && !unseen.size) return;
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      unseen.delete(target);
      seen.unobserve(target);
    }
    update();
  });
  for (const page of unseen) seen.observe(page);
  const clock = setInterval(() => {
    seconds--;
    if (seconds <= 0) clearInterval(clock);
    update();
  }, 1000);
  update();
}
