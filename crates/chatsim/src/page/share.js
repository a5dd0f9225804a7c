// A link that holds what its numbers depend on: the seed, the conditions and the experiment.
//
// Opening it changes nothing by itself, since others may be looking at the same world: it asks first.

import { run } from "./cards.js";
import { tell } from "./socket.js";
import { on, world } from "./world.js";

let lastExperiment = null;

export function start() {
  on("experiment_started", ({ experiment }) => { lastExperiment = experiment; });
}

/** The address of this page as it is now; what is as the server began is left out. */
export function link() {
  const values = Object.entries(world.config).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(world.standard[name]));
  const parts = new URLSearchParams({ seed: world.seed });
  if (lastExperiment !== null) parts.set("experiment", lastExperiment);
  for (const [name, value] of values) {
    parts.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return `${location.origin}${location.pathname}#${parts}`;
}

/** What the address of this page holds; `null` where that is nothing. */
export function shared() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.has("seed")) return null;
  const { seed, experiment, ...values } = Object.fromEntries(parts);
  return { seed: Number(seed), experiment: experiment ?? null, patch: mapped(values) };
}

/** Gives the world that seed and those conditions, from the beginning, and runs the experiment again. */
export function reproduce({ seed, experiment, patch }) {
  tell({ type: "update_config", rev: world.rev, patch: { ...world.standard, ...patch } });
  tell({ type: "control", action: "reset", seed });
  if (experiment !== null) run(Number(experiment), seed);
}

const mapped = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, text]) => [name, parsed(text)]));

/** Numbers, `null` and bursts are written as JSON, words as they are. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
