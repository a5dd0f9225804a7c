// What the page says, in the language that its reader chose: a file of words for each, with the same keys.

const LANGUAGES = ["en", "id"];
const REMEMBERED_AS = "chatsim-language";

let language = LANGUAGES[0];
let words = {};
const readers = [];

/** The language of the address, else the one chosen last time, else the browser's. */
export function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wishes = [asked, remembered(), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wishes.find((wish) => LANGUAGES.includes(wish)) ?? LANGUAGES[0];
}

/** Fetches the words, then says the whole page again. */
export async function speak(chosen) {
  const answer = await fetch(`/${chosen}.json`);
  words = await answer.json();
  language = chosen;
  document.documentElement.lang = chosen;
  remember(chosen);
  translate(document);
  readers.forEach((read) => read());
}

/** `read` is called whenever the language has changed: whoever builds its text from `say` says it again. */
export function onLanguage(read) {
  readers.push(read);
}

export const spoken = () => language;

/** The text of a key, with `{name}` replaced by its value. A key without words is shown as it is. */
export function say(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const knows = (key) => key in words;

/** Fills the elements whose `data-say`, `data-say-label` or `data-say-hint` name a key. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-say]")) {
    element.textContent = say(element.dataset.say);
  }
  for (const element of root.querySelectorAll("[data-say-label]")) {
    element.setAttribute("aria-label", say(element.dataset.sayLabel));
  }
  for (const element of root.querySelectorAll("[data-say-hint]")) {
    element.setAttribute("placeholder", say(element.dataset.sayHint));
  }
}

/** A number as the language writes it, with so many digits behind its sign. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** Without what remembers, as in a private window, the page asks the browser again. */
function remembered() {
  try {
    return localStorage.getItem(REMEMBERED_AS);
  } catch {
    return null;
  }
}

function remember(chosen) {
  try {
    localStorage.setItem(REMEMBERED_AS, chosen);
  } catch {
    // Nothing is lost but the choice.
  }
}
