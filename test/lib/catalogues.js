// The words of both languages, to find those on a page that are of the wrong one.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const folder = join(root, "internal", "i18n", "catalogues");

const han = /\p{Script=Han}/u;
/** What makes a text one of the language: a Chinese character, or an English word that is not just a name such as PDF. */
const marks = { "zh-CN": han, en: /\b[A-Za-z]?[a-z]{3,}\b/ };

const texts = Object.fromEntries(["zh-CN", "en"].map((language) => [language, read(language)]));
const keys = new Set(Object.keys(texts.en));
const features = new Set([...keys].map((key) => key.split(".")[0]));
const words = { "zh-CN": matcher("zh-CN"), en: matcher("en") };

function read(language) {
  const files = readdirSync(folder).filter((name) => name.endsWith(`.${language}.json`));
  return Object.assign({}, ...files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8"))));
}

/** A function that tells whether a text stands in the catalogue of the language, with anything for its arguments. */
function matcher(language) {
  const all = Object.values(texts[language]).flatMap((value) => (typeof value === "string" ? [value] : Object.values(value)));
  const plain = new Set(all);
  const withArguments = all
    .filter((value) => value.includes("{{") && marks[language].test(value.replace(/\{\{.*?\}\}/g, "")))
    .map((value) => new RegExp(`^${value.split(/\{\{.*?\}\}/).map(RegExp.escape ?? escape).join(".*")}$`, "s"));
  return (text) => plain.has(text) || withArguments.some((pattern) => pattern.test(text));
}

function escape(text) {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

// Chinese that is right on an English page: what the sample data is made of, and what each language calls itself.
const sample = ["contract.txt", "demo.go", "flows.go", "portal.go", "contract.go"].map((name) => readFileSync(join(root, "internal", "demo", name), "utf8")).join("\n");
const everywhere = ["中文", "甲方", "合同专用章", "公章"]; // the switch of languages; the word that the walk looks for; what the engine calls its seals

/**
 * What is wrong with the words of a page in the language, given each text of it, whether shown or only read aloud. `names` are texts that
 * may be in any language.
 */
export function wrongWords(language, shown, names = []) {
  const other = language === "en" ? "zh-CN" : "en";
  const wrong = [];
  for (const text of new Set(shown.map((one) => one.replace(/\s+/g, " ").trim()))) {
    for (const [key] of text.matchAll(/\b[a-z]\w*(\.\w+)+\b/g)) {
      if (keys.has(key) || (features.has(key.split(".")[0]) && key.split(".").length > 2)) wrong.push(`a key instead of a text: ${key}`);
    }
    if (names.includes(text) || !marks[other].test(text)) continue;
    if (words[other](text) && !words[language](text)) wrong.push(`of the other language: ${text}`);
    else if (language === "en") {
      for (const [part] of text.matchAll(/[\p{Script=Han}，。：；、（）]+/gu)) {
        if (!everywhere.includes(part) && !sample.includes(part)) wrong.push(`neither English nor sample data: ${part} (in “${text.slice(0, 80)}”)`);
      }
    }
  }
  return wrong;
}
