// The bar above everything: the world's clock and its seed, and what leaves the page.

import { byId, html } from "./dom.js";
import { mention } from "./notices.js";
import { link } from "./share.js";
import { tell } from "./socket.js";
import { number, onLanguage, say, speak, spoken } from "./words.js";
import { isPaused, now, on, speed, world } from "./world.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10];
const TICK_MS = 100;

export function start() {
  byId("pause").addEventListener("click", () => control(isPaused() ? "resume" : "pause"));
  byId("step").addEventListener("click", () => control("step"));
  byId("speed").addEventListener("change", ({ target }) =>
    control("speed", { speed: Number(target.value) }));
  byId("restart").addEventListener("submit", (event) => {
    event.preventDefault();
    control("reset", { seed: byId("seed").valueAsNumber });
  });
  byId("partition").addEventListener("click", () => tell({ type: "partition", cut: !world.partitioned }));
  byId("share").addEventListener("click", share);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  on("connected clock reset partition", show);
  onLanguage(show);
  setInterval(showClock, TICK_MS);
}

function control(action, values = {}) {
  tell({ type: "control", action, ...values });
}

/** Into the address bar too, where the clipboard is out of reach, as it is on a page without TLS. */
async function share() {
  const address = link();
  history.replaceState(null, "", address);
  try {
    await navigator.clipboard.writeText(address);
    mention("share-copied");
  } catch {
    mention("share-in-address");
  }
}

function show() {
  byId("pause").textContent = say(isPaused() ? "resume" : "pause");
  byId("step").disabled = !isPaused();
  const partition = byId("partition");
  partition.textContent = say(world.partitioned ? "heal" : "partition");
  partition.setAttribute("aria-pressed", world.partitioned);
  // Another program may have set a speed of its own.
  const speeds = [...new Set([...SPEEDS, speed()])].sort((a, b) => a - b);
  byId("speed").replaceChildren(...speeds.map((times) =>
    html("option", { value: times, selected: times === speed() }, `${number(times, digits(times))} ×`)));
  if (document.activeElement !== byId("seed")) byId("seed").value = world.seed;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", button.dataset.language === spoken());
  }
  showClock();
}

const digits = (times) => String(times).split(".")[1]?.length ?? 0;

function showClock() {
  byId("clock").textContent = `${number(Math.max(0, now()) / 1000, 1)} s`;
}
