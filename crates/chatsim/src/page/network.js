// What is on its way, on a canvas: one lane for each method, with a node at each end.
//
// Every packet says when it was sent and when it will arrive, so the picture follows from the world's clock
// alone. It is drawn while something moves. Whoever wants little motion sees two pictures a second.

import { byId } from "./dom.js";
import { METHODS } from "./fate.js";
import { milliseconds } from "./numbers.js";
import { tell } from "./socket.js";
import { onLanguage, say } from "./words.js";
import { FADE_MS, flying, isPaused, now, on, packetKey, vanish, world } from "./world.js";

const RADIUS = 7;
/** Room for the nodes at both sides. */
const SHORE = 46;
const LANES = { direct: [0.1, 0.42], pub_sub: [0.56, 0.94] };
/** How far from a packet a click still means it: a finger is wide. */
const REACH = 24;
const CALM_PAUSE_MS = 500;
/** A lost packet vanishes somewhere in this part of its way. */
const LOST_FROM = 0.35;
const LOST_TO = 0.8;
const GOLDEN = 0.618034;

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

let canvas;
let pen;
let size = { width: 0, height: 0 };
let colors = {};
let isAwake = false;
let marked = null;

export function start() {
  canvas = byId("canvas");
  pen = canvas.getContext("2d");
  canvas.addEventListener("click", (event) => {
    const packet = isPaused() && packetAt(event.offsetX, event.offsetY);
    if (packet) drop(packet);
  });
  canvas.addEventListener("pointermove", (event) => {
    const isOver = isPaused() && packetAt(event.offsetX, event.offsetY);
    canvas.classList.toggle("aims", Boolean(isOver));
  });
  dark.addEventListener("change", readColors);
  new ResizeObserver(resize).observe(canvas);
  on("connected reset packet message clock partition nodes", wake);
  on("metrics_update", ({ hidden_packets: count }) => {
    byId("hidden-packets").textContent = count > 0 ? say("hidden-packets", { count }) : "";
  });
  onLanguage(wake);
  readColors();
}

/** Has it lost where it is. The server no longer carries one that is to be lost later anyway. */
export function drop(packet) {
  if (!packet.will_arrive) return vanish(packet);
  const { id, subscriber, attempt, direction } = packet;
  tell({ type: "drop_packet", id, subscriber, attempt, direction });
}

/** Draws a frame around this packet, or around none. */
export function mark(packet) {
  marked = packet && packetKey(packet);
  wake();
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  colors = {
    direct: color("direct"), pub_sub: color("pubsub"), ack: color("ack"), lost: color("lost"),
    ink: color("ink"), paper: color("paper"),
  };
  wake();
}

function resize() {
  const scale = devicePixelRatio || 1;
  size = { width: canvas.clientWidth, height: canvas.clientHeight };
  canvas.width = Math.round(size.width * scale);
  canvas.height = Math.round(size.height * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  wake();
}

function wake() {
  if (isAwake) return;
  isAwake = true;
  if (calm.matches) setTimeout(frame, CALM_PAUSE_MS);
  else requestAnimationFrame(frame);
}

function frame() {
  isAwake = false;
  draw(now());
  if (!isPaused() && (world.packets.size > 0 || world.waits.size > 0)) wake();
}

function draw(at) {
  pen.clearRect(0, 0, size.width, size.height);
  pen.lineWidth = 1;
  drawLanes();
  for (const wait of world.waits.values()) drawWait(wait, at);
  for (const packet of world.packets.values()) drawPacket(packet, at);
  describe();
}

function describe() {
  const words = say("canvas", { count: [...flying()].length });
  if (canvas.getAttribute("aria-label") !== words) canvas.setAttribute("aria-label", words);
}

function drawLanes() {
  const { width, height } = size;
  pen.font = "600 13px system-ui, sans-serif";
  pen.textAlign = "left";
  for (const [method, [top, bottom]] of Object.entries(LANES)) {
    pen.fillStyle = colors.paper;
    pen.beginPath();
    pen.roundRect(SHORE, top * height - 4, width - 2 * SHORE, (bottom - top) * height + 8, 6);
    pen.fill();
    pen.fillStyle = colors[method];
    pen.fillText(METHODS[method], SHORE + 2, top * height - 9);
  }
  [[nodeName("A"), SHORE / 2], [nodeName("B"), width - SHORE / 2]].forEach(([name, x]) => {
    pen.fillStyle = colors.ink;
    pen.textAlign = "center";
    pen.font = "700 15px system-ui, sans-serif";
    pen.fillText(name, x, height / 2 + 5, SHORE - 6);
  });
  if (world.partitioned) drawCut();
}

function drawCut() {
  const { width, height } = size;
  pen.strokeStyle = colors.lost;
  pen.lineWidth = 2;
  pen.setLineDash([8, 6]);
  pen.beginPath();
  pen.moveTo(width / 2, 0);
  pen.lineTo(width / 2, height);
  pen.stroke();
  pen.setLineDash([]);
}

/** The names that the two panels speak of. */
const nodeName = (side) => byId(`name-${side}`)?.value ?? side;

/** A ring that closes while the sender waits for an ACK: when it is whole, the message is sent again. */
function drawWait({ packet, until_ms: until }, at) {
  const share = Math.min(1, Math.max(0, (at - packet.at_ms) / (until - packet.at_ms)));
  const [x, y] = [isLeftward(packet) ? size.width - SHORE - 12 : SHORE + 12, trackOf(packet)];
  pen.strokeStyle = colors.pub_sub;
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.arc(x, y, 6, -Math.PI / 2, (2 * share - 0.5) * Math.PI);
  pen.stroke();
}

function drawPacket(packet, at) {
  const { x, y, isGone } = placeOf(packet, at);
  const ended = packet.ended_ms ?? packet.until_ms;
  pen.globalAlpha = at > ended ? Math.max(0, 1 - (at - ended) / FADE_MS) : 1;
  if (isGone) drawCross(x, y);
  else drawBody(packet, x, y);
  if (packetKey(packet) === marked) {
    pen.strokeStyle = colors.ink;
    pen.lineWidth = 2;
    pen.strokeRect(x - 13, y - 13, 26, 26);
  }
  pen.globalAlpha = 1;
}

function drawBody(packet, x, y) {
  const isAck = packet.direction === "ack";
  pen.fillStyle = isAck ? colors.ack : colors[packet.method];
  pen.beginPath();
  if (isAck) pen.rect(x - RADIUS + 1, y - RADIUS + 1, 2 * RADIUS - 2, 2 * RADIUS - 2);
  else pen.arc(x, y, RADIUS, 0, 2 * Math.PI);
  pen.fill();
  if (!isAgain(packet)) return;
  pen.strokeStyle = pen.fillStyle;
  pen.lineWidth = 1.8;
  pen.beginPath();
  pen.arc(x, y, RADIUS + 4, 0, 2 * Math.PI);
  pen.stroke();
}

/** It brings what is there already, or is on its way to. */
function isAgain({ id, state, direction }) {
  if (state !== "sent") return state === "duplicate" || state === "late";
  const message = world.messages.get(id);
  return direction === "message" && message?.delivered > 0 && message.delivered === message.targets;
}

function drawCross(x, y) {
  pen.strokeStyle = colors.lost;
  pen.lineWidth = 3;
  pen.beginPath();
  for (const slope of [1, -1]) {
    pen.moveTo(x - 6, y - 6 * slope);
    pen.lineTo(x + 6, y + 6 * slope);
  }
  pen.stroke();
}

/** Where a packet is, and whether it was lost there. */
function placeOf(packet, at) {
  const end = packet.state === "lost" ? packet.ended_ms : packet.until_ms;
  const reached = (Math.min(at, end) - packet.at_ms) / Math.max(1e-9, packet.until_ms - packet.at_ms);
  const dies = packet.will_arrive ? Infinity : LOST_FROM + chanceOf(packet) * (LOST_TO - LOST_FROM);
  const share = Math.min(Math.max(0, reached), dies, 1);
  const isGone = reached >= dies || packet.state === "lost";
  const way = size.width - 2 * SHORE;
  const x = isLeftward(packet) === (packet.direction === "message") ? 1 - share : share;
  return { x: SHORE + x * way, y: trackOf(packet), isGone };
}

const isLeftward = ({ from }) => from === nodeName("B");

/** All packets of a message to one subscriber travel along one line. */
function trackOf({ id, subscriber, method }) {
  const [top, bottom] = LANES[method].map((share) => share * size.height);
  const share = ((id + 1) * GOLDEN + subscriber * GOLDEN * GOLDEN) % 1;
  return top + RADIUS + share * (bottom - top - 2 * RADIUS);
}

/** The same for the same packet, so that it does not jump from picture to picture. */
const chanceOf = ({ id, subscriber, attempt }) => ((id * 7 + attempt * 3 + subscriber + 1) * GOLDEN) % 1;

function packetAt(x, y) {
  const at = now();
  const near = [...flying()].map((packet) => {
    const place = placeOf(packet, at);
    return { packet, isGone: place.isGone, distance: Math.hypot(place.x - x, place.y - y) };
  });
  const within = near.filter(({ isGone, distance }) => !isGone && distance <= REACH);
  return within.sort((a, b) => a.distance - b.distance)[0]?.packet;
}

/** For those who do not see the picture. */
export function described({ id, method, direction, attempt, until_ms: until }) {
  const name = direction === "ack" ? say("packet-ack") : METHODS[method];
  const left = milliseconds(Math.max(0, until - now()));
  return say("on-its-way", { name, id, attempt: attempt + 1, left });
}
