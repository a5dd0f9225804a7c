// The conditions of the network. Each change is a patch of one field, which the server takes or refuses.

import { byId, html } from "./dom.js";
import { mention } from "./notices.js";
import { tell } from "./socket.js";
import { number, onLanguage, say } from "./words.js";
import { on, world } from "./world.js";

/**
 * What the server's limits are, its own check aside. `slide` is as far as the slider goes, since few want
 * a latency of a minute. An empty field means `null`, which `none` puts in words.
 */
const FIELDS = [
  { name: "loss", unit: "%", min: 0, max: 100, step: "any", slide: 100 },
  { name: "latency_min_ms", unit: "ms", min: 0, max: 60_000, slide: 1000 },
  { name: "latency_max_ms", unit: "ms", min: 0, max: 60_000, slide: 1000 },
  { name: "max_retries", unit: "×", min: 0, max: 20, slide: 10 },
  { name: "ack_timeout_ms", unit: "ms", min: 1, max: 600_000, slide: 2000 },
];
const MORE_FIELDS = [
  { name: "ack_loss", unit: "%", min: 0, max: 100, step: "any", none: "as-loss" },
  { name: "window", unit: "", min: 1, max: 10_000, none: "no-limit" },
  { name: "subscribers", unit: "", min: 1, max: 1000 },
  { name: "burst.share", unit: "%", min: 0.1, max: 99.9, step: "any", none: "no-bursts" },
  { name: "burst.mean_length_ms", unit: "ms", min: 1, max: 600_000 },
];
const CHOICES = [
  { name: "backoff", values: ["none", "exponential"] },
  { name: "ordering", values: ["any", "in_order"] },
];
/** Of the bursts that a share alone asks for. */
const BURST_LENGTH_MS = 2000;

const inputs = new Map();

export function start() {
  const form = byId("settings");
  form.append(
    html("div", { class: "fields" }, ...FIELDS.map(numberField)),
    html("details", {}, html("summary", { "data-say": "more-conditions" }),
      html("div", { class: "fields" }, ...MORE_FIELDS.map(numberField), ...CHOICES.map(choiceField))),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  on("connected config_updated", showAll);
  on("config_rejected", refuse);
  onLanguage(showAll);
}

function numberField({ name, unit, min, max, step = 1, slide, none }) {
  const input = html("input", {
    type: "number", id: `set-${name}`, min, max, step, "data-say-hint": none,
    "aria-describedby": `refused-${name}`, change: () => change(name),
  });
  inputs.set(name, input);
  return field(name, unit, input, slide && slider(input, slide));
}

/** For a mouse or a finger; the keyboard has the field itself. */
function slider(input, max) {
  const range = html("input", {
    type: "range", min: input.min, max, step: 1, tabindex: -1, "aria-hidden": "true",
    input: () => { input.value = range.value; },
    change: () => input.dispatchEvent(new Event("change")),
  });
  input.slider = range;
  return range;
}

function choiceField({ name, values }) {
  const select = html("select", { id: `set-${name}`, change: () => change(name) },
    ...values.map((value) => html("option", { value, "data-say": `${name}-${value}` })));
  inputs.set(name, select);
  return field(name, "", select);
}

function field(name, unit, input, range) {
  const label = html("label", { for: input.id },
    html("span", { "data-say": `set-${name}` }), unit && ` (${unit})`);
  const refused = html("p", { class: "refused", id: `refused-${name}`, role: "alert", hidden: true });
  return html("div", { class: "field" }, label, input, range || null, refused);
}

function change(name) {
  tell({ type: "update_config", rev: world.rev, patch: patchOf(name) });
}

function patchOf(name) {
  if (!name.startsWith("burst.")) return { [name]: valueOf(name) };
  const share = valueOf("burst.share");
  const length = valueOf("burst.mean_length_ms") ?? BURST_LENGTH_MS;
  return { burst: share === null ? null : { share: share / 100, mean_length_ms: length } };
}

/** What is no number is sent as it was typed, for the server to refuse. */
function valueOf(name) {
  const input = inputs.get(name);
  if (input.type !== "number") return input.value;
  if (input.validity.badInput) return "?";
  return input.value === "" ? null : Number(input.value);
}

function showAll() {
  if (!world.config) return;
  for (const [name, input] of inputs) {
    showField(name, input);
    clear(name);
  }
}

/** What somebody is just typing is not taken from under their hands. */
function showField(name, input) {
  const value = String(configured(name) ?? "");
  const isTyped = input === document.activeElement && input.value !== input.shown;
  if (isTyped && input.value !== value) return;
  input.value = input.shown = value;
  if (input.slider) input.slider.value = value;
}

function configured(name) {
  const { burst } = world.config;
  if (name === "burst.share") return burst && Number((burst.share * 100).toPrecision(12));
  return name === "burst.mean_length_ms" ? burst?.mean_length_ms : world.config[name];
}

function clear(name) {
  inputs.get(name).removeAttribute("aria-invalid");
  byId(`refused-${name}`).hidden = true;
}

function refuse({ field: refused, reason }) {
  if (refused === "rev") return giveWay();
  const name = refused === "burst" ? "burst.share" : refused;
  const input = inputs.get(name);
  if (!input) return mention(`${refused}: ${reason}`);
  const text = byId(`refused-${name}`);
  text.textContent = reasonOf(name, input) ?? reason;
  text.hidden = false;
  input.setAttribute("aria-invalid", "true");
}

/** Another page was first. What it has made of the conditions may be told only after this. */
function giveWay() {
  mention("notice-rev");
  inputs.forEach((input) => { input.shown = input.value; });
  showAll();
}

/** In the page's language; the server's words are for what cannot be typed here. */
function reasonOf(name, input) {
  const limits = [...FIELDS, ...MORE_FIELDS].find((candidate) => candidate.name === name);
  if (limits && !input.validity.valid) return range(limits);
  const { latency_min_ms: least, latency_max_ms: most } = world.config;
  if (name === "latency_min_ms") {
    return say("must-not-exceed", { other: say("set-latency_max_ms"), limit: number(most) });
  }
  if (name === "latency_max_ms") {
    return say("must-not-be-below", { other: say("set-latency_min_ms"), limit: number(least) });
  }
  return name === "subscribers" ? say("too-many-packets") : null;
}

function range(limits) {
  const [min, max] = [limits.min, limits.max].map((limit) => number(limit, limit % 1 ? 1 : 0));
  return say("must-be", { min, max });
}
