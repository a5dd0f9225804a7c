// What has happened, the newest first: who came and went, what was changed, which messages failed.

import { byId, html } from "./dom.js";
import { number, onLanguage, say } from "./words.js";
import { now, on } from "./world.js";

const LINES_MAX = 100;

/** Newest first; kept as keys and values, to be said in another language too. */
let lines = [];

export function start() {
  on("log", ({ at_ms: at, event, by, detail }) => add(at, `log-${event}`, { by, detail }));
  on("delivery_failed", ({ id, reason, was_delivered: isThere }) =>
    add(now(), isThere ? "log-failed-though-delivered" : `log-failed-${reason}`, { id }));
  on("dead_letter", ({ id }) => add(now(), "log-dead-letter", { id }));
  on("lagged", ({ missed }) => add(now(), "log-lagged", { missed }));
  onLanguage(show);
}

function add(at, key, values) {
  const line = { at, key, values };
  lines = [line, ...lines].slice(0, LINES_MAX);
  const list = byId("log");
  if (lines.length === 1) list.replaceChildren();
  list.prepend(said(line));
  if (list.children.length > LINES_MAX) list.lastChild.remove();
}

function show() {
  const none = html("li", { class: "quiet" }, say("nothing-yet"));
  byId("log").replaceChildren(...(lines.length > 0 ? lines.map(said) : [none]));
}

function said({ at, key, values }) {
  return html("li", {}, html("span", {}, `${number(at / 1000, 1)} s`), say(key, values));
}
