// The reader's tools: the number of the page in view, and the zoom. Reading works without them.
const zooms = ["fit", "50", "75", "100", "125", "150", "200"];

function start(root) {
  const pages = [...root.querySelectorAll(".reader-page")];
  const thumbs = new Map([...root.querySelectorAll(".reader-thumbs a")].map((a) => [a.hash.slice(1), a]));
  const field = root.querySelector("#reader-page");
  const output = root.querySelector("#reader-zoom");
  root.querySelector(".reader-tools").hidden = false;

  const seen = new Map(); // how much of each page is in view, in pixels
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRect } of entries) seen.set(target, intersectionRect.height);
      let current = pages[0];
      for (const page of pages) if ((seen.get(page) ?? 0) > (seen.get(current) ?? 0) + 1) current = page;
      mark(current);
    },
    { threshold: [0, 0.25, 0.5, 0.75, 1] },
  );
  for (const page of pages) observer.observe(page);

  function mark(page) {
    const thumb = thumbs.get(page.id);
    if (!thumb || thumb.ariaCurrent) return;
    for (const other of thumbs.values()) other.ariaCurrent = null;
    thumb.ariaCurrent = "true";
    if (document.activeElement !== field) field.value = pages.indexOf(page) + 1;
    const list = thumb.closest(".reader-thumbs");
    list.scrollTop += thumb.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
  }

  root.querySelector("[data-goto]").addEventListener("submit", (event) => {
    event.preventDefault();
    const page = pages[field.valueAsNumber - 1];
    page?.scrollIntoView();
    page?.focus({ preventScroll: true });
  });

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom-by]");
    if (!button) return;
    const at = zooms.indexOf(root.dataset.zoom);
    const next = at === 0 ? zooms.indexOf("100") + Number(button.dataset.zoomBy) : at + Number(button.dataset.zoomBy);
    const top = pages.find((page) => page.getBoundingClientRect().bottom > 80);
    root.dataset.zoom = zooms[Math.min(Math.max(next, 0), zooms.length - 1)];
    output.value = root.dataset.zoom === "fit" ? output.dataset.fit : `${root.dataset.zoom}%`;
    if (root.dataset.zoom !== "fit") for (const picture of root.querySelectorAll("img[sizes]")) picture.sizes = "75rem"; // sharp also on a phone
    top?.scrollIntoView(); // what was read stays in view
  });
}

const root = document.getElementById("reader");
// The script runs anew on each boosted visit.
if (root && !("running" in root.dataset)) {
  root.dataset.running = "";
  start(root);
}
