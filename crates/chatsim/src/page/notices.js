// Sentences at the top of the page: each goes when it is no longer true, or when it is put away.

import { byId, html } from "./dom.js";
import { onLanguage, say } from "./words.js";

/** Of those that say what has just been refused. */
const PASSING_MS = 8000;

const shown = new Map();

/** There is one notice of each `key`. `action` is the key of a button's words with what it does. */
export function notify(key, values = {}, action = null) {
  withdraw(key);
  const text = html("span");
  const act = () => {
    withdraw(key);
    action.run();
  };
  const button = action && html("button", { type: "button", click: act });
  const away = html("button", { type: "button", click: () => withdraw(key) });
  const notice = html("div", { class: "notice", "data-notice": key }, text, button || null, away);
  const read = () => {
    text.textContent = say(key, values);
    if (button) button.textContent = say(action.key);
    away.textContent = say("put-away");
  };
  read();
  byId("notices").append(notice);
  shown.set(key, { notice, read });
}

/** A notice that puts itself away. */
export function mention(key, values) {
  notify(key, values);
  const { notice } = shown.get(key);
  setTimeout(() => shown.get(key)?.notice === notice && withdraw(key), PASSING_MS);
}

export function withdraw(key) {
  shown.get(key)?.notice.remove();
  shown.delete(key);
}

onLanguage(() => shown.forEach(({ read }) => read()));
