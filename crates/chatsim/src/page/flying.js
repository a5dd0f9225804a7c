// The packets on their way as buttons, while the world stands: for whoever has no mouse, or only a thumb.

import { byId, html } from "./dom.js";
import { described, drop, mark } from "./network.js";
import { onLanguage, say } from "./words.js";
import { flying, isPaused, on, packetKey } from "./world.js";

/** More than these nobody reads. */
const SHOWN_MAX = 24;

let list;

export function start() {
  list = byId("flying");
  on("connected reset clock packet", show);
  onLanguage(show);
}

function show() {
  byId("drop-hint").textContent = say(isPaused() ? "drop-now" : "drop-hint");
  const packets = isPaused() ? [...flying()].slice(0, SHOWN_MAX) : [];
  const wanted = new Map(packets.map((packet) => [packetKey(packet), packet]));
  for (const shown of [...list.children]) {
    if (!wanted.delete(shown.dataset.packet)) remove(shown);
  }
  for (const [key, packet] of wanted) list.append(item(key, packet));
}

function item(key, packet) {
  const button = html("button", {
    type: "button", class: packet.direction === "ack" ? "ack" : packet.method,
    click: () => drop(packet),
    focus: () => mark(packet), blur: () => mark(null),
    pointerenter: () => mark(packet), pointerleave: () => mark(null),
  }, described(packet));
  return html("li", { "data-packet": key }, button);
}

/** Whoever has just dropped a packet by keyboard goes on with the next one. */
function remove(item) {
  const hadFocus = item.contains(document.activeElement);
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  if (!hadFocus) return;
  mark(null);
  (next?.querySelector("button") ?? byId("pause")).focus();
}
