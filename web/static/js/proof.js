// Checks the inclusion proof of an event in the browser, from what the page shows: the leaf's text, the siblings, the checkpoint; and that each
// hash on the way is the one that the page shows.
import { inclusion, rootOf } from "./proof-check.js";

for (const box of document.querySelectorAll("[data-proof]")) {
  const row = box.querySelector("[data-proof-check]");
  const told = row.querySelector("output");
  row.hidden = false;
  row.querySelector("button").addEventListener("click", async () => {
    const text = box.querySelector("[data-proof-text]").textContent;
    const siblings = [...box.querySelectorAll("[data-proof-sibling]")].map((step) => step.textContent);
    const root = rootOf(document.querySelector("[data-proof-checkpoint]").textContent, Number(box.dataset.size)) ?? box.querySelector(".proof-root code").textContent;
    if (!globalThis.crypto?.subtle) {
      told.textContent = box.dataset.cannot;
      return;
    }
    const nodes = await inclusion(text, Number(box.dataset.index), Number(box.dataset.size), siblings);
    const shown = [...box.querySelectorAll("[data-proof-node]")].map((node) => node.textContent);
    const good = nodes !== null && nodes.at(-1) === root && [...nodes, root].join() === shown.join();
    told.textContent = good ? box.dataset.good : box.dataset.bad;
    told.className = good ? "audit-well" : "audit-ill";
  });
}
