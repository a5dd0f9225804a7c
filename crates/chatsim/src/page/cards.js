// The cards of the experiments: first one says what one expects, then the answer stands beside it.

import { byId, html, svg } from "./dom.js";
import { EXPERIMENTS, share } from "./experiments.js";
import { METHODS } from "./fate.js";
import { decimal, isFar, milliseconds, percent, perSecond, shown, signed } from "./numbers.js";
import { tell } from "./socket.js";
import { knows, number, onLanguage, say, translate } from "./words.js";
import { on, world } from "./world.js";

const FORMATS = {
  delivered: percent, acknowledged: percent, failed_though_delivered: percent, duplicates: decimal,
  latency_mean_ms: milliseconds, throughput_per_s: perSecond,
};
/** What the server calls the deviation of a number, where it is another name. */
const DEVIATIONS = { latency_mean_ms: "latency" };

/** By number of experiment. */
const cards = new Map();

const showAll = () => cards.forEach((card) => card.show());

/** The server runs one experiment at a time, for all pages. */
const isAnyRunning = () => [...cards.values()].some((card) => card.isRunning);

export function start() {
  for (const question of EXPERIMENTS) cards.set(question.experiment, new Card(question));
  byId("cards").append(...[...cards.values()].map(({ root }) => root));
  on("experiment_started", (run) => cards.get(run.experiment)?.begin(run));
  const ofRun = ({ run }) => [...cards.values()].find((card) => card.run === run);
  on("experiment_progress", (progress) => ofRun(progress)?.progress(progress));
  on("experiment_batch", ({ case: index, batch, predicted, z, ...at }) =>
    ofRun(at)?.note(index, { batch, predicted, z }));
  on("experiment_live", ({ case: index, live, ...at }) => ofRun(at)?.note(index, { live }));
  on("experiment_done experiment_cancelled", (at) => ofRun(at)?.end());
  // A world that begins again runs nothing.
  on("reset", () => cards.forEach((card) => card.end()));
  // Whoever lost the connection, or was too slow, does not hear the end of what ran meanwhile.
  on("connected", ({ experiment }) => {
    cards.forEach((card) => card.run !== experiment?.run && card.end());
    if (experiment && !ofRun(experiment)) cards.get(experiment.experiment)?.begin(experiment);
  });
  onLanguage(showAll);
}

/** Runs an experiment as a click on its card does, with this seed. */
export function run(experiment, seed) {
  tell({ type: "run_experiment", experiment, seed });
}

class Card {
  constructor(question) {
    this.question = question;
    this.run = null;
    this.isRunning = false;
    this.isOwn = false;
    this.said = null;
    this.cases = [];
    this.parts = build(question);
    this.root = this.parts.root;
    this.parts.start.addEventListener("click", () => run(question.experiment, world.seed));
    this.parts.cancel.addEventListener("click", () => tell({ type: "cancel", run: this.run }));
    // A click may leave the slider where it was, and still say what is expected.
    for (const event of ["input", "click"]) {
      this.parts.range?.addEventListener(event, () => this.predict());
    }
  }

  predict() {
    this.said = Number(this.parts.range.value);
    this.show();
  }

  begin({ run, seed, cases, by }) {
    const all = cases.map((one) => ({ ...one, planned: one.live, live: null, batch: null }));
    this.isOwn ||= by === world.page;
    Object.assign(this, { run, seed, cases: all, isRunning: true });
    this.progress({ live_settled: 0, live: all.reduce((sum, { planned }) => sum + planned, 0) });
    showAll();
  }

  progress({ live_settled: settled, live }) {
    this.parts.bar.max = live;
    this.parts.bar.value = settled;
    this.parts.settled.textContent = say("live-settled", { settled, live });
  }

  note(index, found) {
    Object.assign(this.cases[index], found);
    this.show();
  }

  /** Half an answer is none, and the question is open again. */
  end() {
    if (!this.isRunning) return;
    this.isRunning = false;
    if (!this.isWhole) this.cases = [];
    showAll();
  }

  get isWhole() {
    return this.cases.length > 0 && this.cases.every(({ batch }) => batch);
  }

  /** The answer of another page's run would spoil the question for whoever has said nothing yet. */
  get isSeen() {
    return this.isOwn || this.said !== null || !this.question.answer;
  }

  show() {
    const { start, cancel, running, range, output, hint, result, told } = this.parts;
    const { unit } = this.question;
    translate(this.root);
    const isOver = !this.isRunning && this.cases.length > 0;
    const hasSaid = !range || this.said !== null;
    start.textContent = say(isOver ? "run-again" : hasSaid ? "run" : "run-unpredicted");
    start.disabled = isAnyRunning();
    cancel.hidden = running.hidden = !this.isRunning;
    if (range) {
      range.disabled = this.isSeen && this.cases.length > 0;
      output.textContent = this.said === null ? "?" : withUnit(this.said, unit);
      range.setAttribute("aria-valuetext", output.textContent);
      hint.hidden = this.said !== null || range.disabled;
    }
    result.hidden = !this.isWhole || !this.isSeen;
    if (result.hidden) return;
    result.replaceChildren(...this.found());
    told.textContent = result.querySelector(".versus")?.textContent ?? "";
  }

  found() {
    const wasOpen = this.parts.result.querySelector("details")?.open ?? false;
    const numbers = html("details", { open: wasOpen },
      html("summary", {}, say("all-numbers", { seed: this.seed })), this.table());
    return this.question.answer ? [this.versus(), ...this.lesson(), numbers] : [numbers];
  }

  versus() {
    const { answer, unit, max } = this.question;
    const value = Math.max(0, answer(this.totals()));
    const bar = (name, amount, style) => [
      html("span", {}, `${say(name)} `),
      svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { class: style, width: Math.min(100, (100 * amount) / max), height: 10 })),
      html("strong", {}, withUnit(amount, unit)),
    ];
    return html("div", { class: "versus bars" },
      ...(this.said === null ? [] : bar("you-said", this.said, "said")), ...bar("it-is", value, "seen"));
  }

  lesson() {
    const { experiment, so } = this.question;
    return [
      html("p", { class: "quiet" }, say("expected", { text: say(`e${experiment}-expected`) })),
      html("p", { class: "lesson" }, say(`e${experiment}-so`, so(this.totals()))),
    ];
  }

  totals() {
    return Object.fromEntries(this.cases.map(({ label, batch }) => [label, batch]));
  }

  table() {
    const heads = ["live", "at-once", "predicted", "z"].map((head) =>
      html("th", { scope: "col" }, say(head, { count: this.cases[0].planned })));
    const group = { class: "group", colspan: 5, scope: "rowgroup" };
    const bodies = this.question.measures.map((measure) => html("tbody", {},
      html("tr", {}, html("th", group, say(`measure-${measure}`))),
      ...this.cases.map((one) => this.row(one, measure))));
    return html("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": say("numbers") },
      html("table", {}, html("thead", {}, html("tr", {}, html("td"), ...heads)), ...bodies));
  }

  row({ label, method, config, live, batch, predicted, z }, measure) {
    const format = FORMATS[measure];
    const deviation = z[DEVIATIONS[measure] ?? measure];
    return html("tr", {},
      html("th", { class: method, scope: "row" }, caseName(label, method, config)),
      html("td", {}, shown(live && ofFew(live, measure), format)),
      html("td", {}, shown(share(batch, measure), format)),
      html("td", {}, shown(predicted[measure], format)),
      html("td", { class: isFar(deviation) ? "far" : null }, shown(deviation, signed)));
  }
}

/** A rate of twenty messages says how long the last of them took, and little else. */
const ofFew = (live, measure) => (measure === "throughput_per_s" ? null : share(live, measure));

function withUnit(value, unit) {
  const digits = Number.isInteger(value) || value >= 100 ? 0 : 1;
  return number(value, digits) + unit;
}

function caseName(label, method, { max_retries: retries, ack_timeout_ms: timeout }) {
  if (knows(`case-${label}`)) return say(`case-${label}`);
  return /^r\d+-t\d+$/.test(label) ? say("case-grid", { retries, timeout }) : METHODS[method];
}

function build({ experiment, max, answer }) {
  const id = `card-${experiment}`;
  const start = html("button", { type: "button", class: "main", id: `run-${experiment}` });
  const cancel = html("button", { type: "button", "data-say": "cancel", hidden: true });
  const bar = html("progress", { "data-say-label": "progress" });
  const settled = html("span", { class: "quiet" });
  const running = html("div", { class: "running", hidden: true }, bar, settled);
  const result = html("div", { class: "result", hidden: true });
  const told = html("p", { class: "unseen", role: "status" });
  const title = html("h3", { id: `${id}-title`, "data-say": `e${experiment}-title` });
  const question = html("p", { "data-say": `e${experiment}-is` });
  const root = html("article", { class: "card", id, "aria-labelledby": title.id }, title, question);
  const predict = answer ? prediction(id, experiment, max) : {};
  const buttons = html("div", { class: "buttons" }, start, cancel);
  root.append(...[predict.root, buttons, running, result, told].filter(Boolean));
  return { ...predict, root, start, cancel, bar, settled, running, result, told };
}

function prediction(id, experiment, max) {
  const range = html("input", { type: "range", id: `${id}-said`, min: 0, max, step: 1, value: max / 2 });
  const output = html("output", { for: range.id });
  const hint = html("p", { class: "quiet", "data-say": "predict-hint" });
  const root = html("div", { class: "predict" },
    html("label", { for: range.id, "data-say": `e${experiment}-question` }), range, output, hint);
  return { root, range, output, hint };
}
