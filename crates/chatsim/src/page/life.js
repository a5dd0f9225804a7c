// The life of one message as a space-time diagram: time goes down, the sender is at the left, the receiver
// at the right, and each packet is a line from where it was sent to where it arrived or was lost.

import { byId, html, svg } from "./dom.js";
import { METHODS, described } from "./fate.js";
import { milliseconds } from "./numbers.js";
import { tell } from "./socket.js";
import { onLanguage, say } from "./words.js";
import { now, on, world } from "./world.js";

const HEIGHT = 380;
const TOP = 34;
const BOTTOM = HEIGHT - 34;
/** Narrower than this, the words at both sides stand in two lines. */
const NARROW = 480;
const LINE_HEIGHT = 14;
/** Facts come in while a message lives; the diagram is asked for again so long after the last answer. */
const PAUSE_MS = 250;
/** Where along its way a lost packet is crossed out. */
const LOST_AT = 0.55;

let shown = null;
let facts = [];
let asked = 0;
/** Where the focus was, and goes back to. */
let opener = null;

export function start() {
  byId("life-close").addEventListener("click", () => {
    close();
    opener.focus();
  });
  on("trace", (trace) => {
    if (trace.id !== shown) return;
    facts = trace.facts;
    draw();
  });
  on("message", ({ id }) => id === shown && askSoon());
  on("connected reset", close);
  onLanguage(draw);
  addEventListener("resize", draw);
}

/** Opens the diagram of this message. */
export function show(id) {
  shown = id;
  facts = [];
  opener = document.activeElement;
  byId("life").hidden = false;
  byId("life-trace").href = `/traces/${id}`;
  // The senders of an experiment are forgotten with it.
  byId("life-trace").hidden = world.messages.get(id)?.run !== null;
  draw();
  byId("life").focus();
  tell({ type: "get_trace", id });
}

function close() {
  shown = null;
  byId("life").hidden = true;
}

function askSoon() {
  clearTimeout(asked);
  asked = setTimeout(() => shown !== null && tell({ type: "get_trace", id: shown }), PAUSE_MS);
}

function draw() {
  const message = world.messages.get(shown);
  if (!message) return;
  const { id, text, method } = message;
  const title = say("life-title", { text: text || `#${id}`, method: METHODS[method] });
  byId("life-title").textContent = title;
  // Of many receivers the diagram has room for the first.
  const own = facts.filter(({ subscriber }) => !subscriber);
  const picture = byId("life-picture");
  const width = picture.clientWidth || 640;
  const margin = width < NARROW ? 104 : 160;
  const stems = { left: margin, right: width - margin };
  const flights = flightsOf(own);
  const times = [...own.map(({ at_ms: at }) => at), message.created_ms];
  const first = Math.min(...times);
  const y = along(first, Math.max(...times, first + 1));
  picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  picture.setAttribute("aria-label", `${title}. ${described(message)}`);
  picture.replaceChildren(
    ...stem(message.from, stems.left),
    ...stem(receiverOf(message), stems.right),
    ...flights.flatMap((flight) => drawFlight(flight, method, stems, y)),
    ...labels(own, first, stems, y, width < NARROW),
  );
  byId("life-words").replaceChildren(...own.map((fact) =>
    html("li", {}, `${milliseconds(fact.at_ms - first)}: ${sentence(fact)}`)));
}

const receiverOf = ({ receivers }) => receivers[0]?.node ?? say("receiver");

/** Packets with their two ends; one that is still on its way has no second. */
function flightsOf(own) {
  const flights = new Map();
  for (const fact of own.filter(({ direction }) => direction)) {
    const key = `${fact.attempt}/${fact.direction}`;
    if (fact.fact === "sent") flights.set(key, { ...fact, end: null });
    else if (flights.has(key)) flights.get(key).end ??= fact;
  }
  return [...flights.values()];
}

function along(first, last) {
  return (at) => TOP + ((at - first) / (last - first)) * (BOTTOM - TOP);
}

function stem(name, x) {
  const label = svg("text", { class: "name", x, y: 16, "text-anchor": "middle" });
  label.textContent = name;
  return [label, svg("line", { class: "stem", x1: x, x2: x, y1: TOP - 10, y2: HEIGHT })];
}

function drawFlight({ at_ms: sent, end, direction }, method, { left, right }, y) {
  const [from, to] = direction === "ack" ? [right, left] : [left, right];
  const style = direction === "ack" ? "ack" : method;
  const isLost = end?.fact === "lost";
  const share = isLost ? LOST_AT : 1;
  const [x, top] = [from + (to - from) * share, y(sent)];
  const at = Math.min(top + (y(endOf(sent, end)) - top) * share, BOTTOM);
  const line = svg("line", { class: `flight ${style}`, x1: from, y1: top, x2: x, y2: at });
  if (!end) return [line];
  if (isLost) return [line, svg("path", { class: "cross", d: `M${x - 5} ${at - 5}l10 10m0-10l-10 10` })];
  const isAgain = end.fact === "duplicate" || end.fact === "late";
  const tip = direction === "ack"
    ? svg("rect", { class: "tip ack", x: x - 4.5, y: at - 4.5, width: 9, height: 9 })
    : svg("circle", { class: `tip ${style}`, cx: x, cy: at, r: 5 });
  return isAgain ? [line, tip, svg("circle", { class: "again", cx: x, cy: at, r: 9 })] : [line, tip];
}

/** What is lost is known to be from the beginning; it is drawn as if it took as long as most do. */
function endOf(sent, end) {
  const { latency_min_ms: least, latency_max_ms: most } = world.config;
  return end?.fact === "lost" && end.at_ms === sent ? sent + (least + most) / 2 : (end?.at_ms ?? now());
}

/** What happens at the sender stands at its left, what happens at the receiver at its right. */
function labels(own, first, { left, right }, y, isNarrow) {
  const free = { start: 0, end: 0 };
  const sent = own.find(({ fact }) => fact === "sent")?.at_ms;
  // That it was created is worth a word only where it had to wait.
  const isNews = (fact) => fact.fact !== "created" || fact.at_ms !== sent;
  return own.filter((fact) => isTold(fact) && isNews(fact)).map((fact) => {
    const anchor = isAtSender(fact) ? "end" : "start";
    const x = anchor === "end" ? left - 12 : right + 12;
    const lines = [milliseconds(fact.at_ms - first), say(`fact-${nameOf(fact)}`)];
    const shown = isNarrow ? lines : [lines.join(" ")];
    const at = Math.max(y(fact.at_ms) + 4, free[anchor]);
    free[anchor] = at + shown.length * LINE_HEIGHT;
    return svg("text", { y: at, "text-anchor": anchor },
      ...shown.map((line, index) => svg("tspan", { x, dy: index * LINE_HEIGHT }, line)));
  });
}

/** The line shows where packets are lost; an ACK leaves as its message arrives. */
const isTold = (fact) => fact.fact !== "lost" && !(fact.fact === "sent" && fact.direction === "ack");

const isAtSender = ({ fact }) => !["held", "delivered", "duplicate"].includes(fact);

function nameOf({ fact, attempt }) {
  return fact === "sent" && attempt > 0 ? "sent-again" : fact;
}

function sentence(fact) {
  const packet = fact.direction ? `${say(`packet-${fact.direction}`)} ${fact.attempt + 1} ` : "";
  return packet + say(`fact-${fact.fact}`);
}
