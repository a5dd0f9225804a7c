// What was measured beside what the closed forms predict: two charts of the last ten seconds, and tiles of
// all since the conditions last changed.

import { draw } from "./chart.js";
import { byId, html } from "./dom.js";
import { METHODS } from "./fate.js";
import { decimal, isFar, milliseconds, percent, shown, signed } from "./numbers.js";
import { number, onLanguage, say } from "./words.js";
import { on, world } from "./world.js";

/**
 * Shares are of all that are settled. `z` names the deviation where its name is another. Direct has no ACKs, so
 * some are of one method.
 */
const TILES = [
  { name: "delivered", format: percent, isShare: true },
  { name: "latency_mean_ms", format: milliseconds, z: "latency" },
  { name: "latency_p99_ms", format: milliseconds },
  { name: "acknowledged", format: percent, isShare: true, only: "pub_sub" },
  { name: "failed_though_delivered", format: percent, isShare: true, only: "pub_sub" },
  { name: "attempts", format: decimal, isShare: true, only: "pub_sub" },
  { name: "duplicates", format: decimal, isShare: true, only: "pub_sub" },
];

const MIB = 1024 * 1024;

/** The cells that change, each with the function that says it anew. */
let cells = [];

export function start() {
  on("metrics_update connected reset", show);
  onLanguage(() => {
    cells = [];
    byId("tiles").replaceChildren(...TILES.map(tile));
    show();
  });
  addEventListener("resize", showCharts);
}

function show() {
  showCharts();
  if (!world.metrics) return;
  cells.forEach((fill) => fill(world.metrics.methods));
  const { by_hand: count } = world.metrics;
  byId("by-hand").hidden = count === 0;
  byId("by-hand").textContent = say("touched", { count: number(count) });
  byId("cost").textContent = `${accounting(world.metrics)} ${cost(world.metrics)}`;
}

/** Nothing is lost but what was lost on its way, and the page shows that it is so. */
function accounting({ accounting: { balanced, messages, acks } }) {
  const sums = [messages, acks].map(({ sent, arrived, lost, in_flight: flying }) =>
    `${number(sent)} = ${number(arrived)} + ${number(lost)} + ${number(flying)}`);
  return say(balanced ? "accounts" : "accounts-wrong", { messages: sums[0], acks: sums[1] });
}

function cost({ cost: { runner, threads, memory_bytes: bytes, lateness_p99_ms: late }, pages }) {
  return say("cost", {
    pages: number(pages), runner: say(`runner-${runner}`), threads: number(threads),
    memory: number(bytes / MIB, 1), late: number(late ?? 0, 1),
  });
}

function showCharts() {
  chart("latency", "latency_ms", "latency_band");
  chart("throughput", "throughput_per_s", "throughput_band");
}

function chart(id, value, band) {
  const series = Object.entries(METHODS).map(([method, name]) => ({
    name, style: method,
    points: world.history.map(({ t, methods }) => {
      const { window } = methods[method];
      const [low, high] = window.predicted[band] ?? [];
      return { t, measured: window[value], predicted: window.predicted[value], low, high };
    }),
  }));
  draw(byId(id), say(`${id}-title`), series);
}

function tile({ name, format, isShare, z = name, only }) {
  const rows = Object.keys(METHODS).filter((method) => !only || method === only).map((method) => {
    const [measured, predicted, deviation] = [html("td"), html("td"), html("td")];
    cells.push((methods) => {
      const { total, predicted: expected, z: deviations } = methods[method];
      measured.textContent = shown(isShare ? total[name] / total.settled : total[name], format);
      predicted.textContent = shown(expected[name], format);
      deviation.textContent = shown(deviations?.[z], signed);
      deviation.classList.toggle("far", isFar(deviations?.[z]));
    });
    const head = html("th", { scope: "row", class: method }, METHODS[method]);
    return html("tr", {}, head, measured, predicted, deviation);
  });
  const heads = ["measured", "predicted", "z"].map((head) => html("th", { scope: "col" }, say(head)));
  return html("section", { class: "tile", "data-tile": name },
    html("h3", {}, say(`tile-${name}`)),
    html("table", {}, html("thead", {}, html("tr", {}, html("td"), ...heads)), html("tbody", {}, ...rows)));
}
