// What the page knows of the simulated world: the messages of the server, one after the other.

/** The page forgets the oldest message that is settled, then the oldest of all. */
const MESSAGES_MAX = 500;
const PACKETS_MAX = 2000;
/** How long a packet that has ended stays to be drawn, and one whose end was never told. */
export const FADE_MS = 900;
const OVERDUE_MS = 2000;
/** What both charts show. */
const POINTS_MAX = 20;

export const world = {
  page: null,
  rev: 0,
  config: null,
  /** What the server began with. */
  standard: null,
  seed: 0,
  nodes: [],
  /** Those that this page speaks for. */
  mine: new Set(),
  partitioned: false,
  /** By number; oldest first. */
  messages: new Map(),
  /** What is on its way or has just ended, by `packetKey`. */
  packets: new Map(),
  /** The last sending of each PubSub message whose ACK is missing, by message and subscriber. */
  waits: new Map(),
  metrics: null,
  /** The last of them, as the charts show them. */
  history: [],
};

const clock = { at: 0, read: performance.now(), speed: 1, paused: true };

/** Milliseconds of the world, which go on between two frames of the server. */
export function now() {
  return clock.paused ? clock.at : clock.at + (performance.now() - clock.read) * clock.speed;
}

export const isPaused = () => clock.paused;
export const speed = () => clock.speed;

export function packetKey({ id, subscriber, attempt, direction }) {
  return `${id}/${subscriber}/${attempt}/${direction}`;
}

const listeners = new Map();

/** `listen` is called with each message of one of these types, after `world` knows it. */
export function on(types, listen) {
  for (const type of types.split(" ")) {
    listeners.set(type, [...(listeners.get(type) ?? []), listen]);
  }
}

/** Takes one frame of the server. */
export function receive({ t_ms: at, messages }) {
  Object.assign(clock, { at, read: performance.now() });
  for (const message of messages) {
    rules[message.type]?.(message);
    announce(message);
  }
  forgetEnded(at);
}

function announce(message) {
  listeners.get(message.type)?.forEach((listen) => listen(message));
}

/** A packet that is to be lost later on its way is lost now. Only this page sees the difference. */
export function vanish(packet) {
  Object.assign(packet, { state: "lost", ended_ms: now() });
  announce({ type: "packet", ...packet });
}

function forgetEnded(at) {
  for (const [key, { until_ms: until, ended_ms: ended }] of world.packets) {
    if ((ended === undefined ? until + OVERDUE_MS : ended + FADE_MS) < at) world.packets.delete(key);
  }
  for (const [key, { until_ms: until }] of world.waits) {
    if (until < at) world.waits.delete(key);
  }
}

/** What is between the nodes now. */
export const flying = () => world.packets.values().filter(({ state }) => state === "sent");

const rules = {
  connected({ page, rev, config, config_default: standard, seed, nodes, partitioned, ...rest }) {
    forget();
    Object.assign(world, { page, rev, config, standard, seed, nodes, partitioned });
    Object.assign(clock, { speed: rest.speed, paused: rest.paused });
    rest.messages.forEach(remember);
    rest.history.forEach(measured);
  },
  registered: ({ node }) => world.mine.add(node),
  left: ({ node }) => world.mine.delete(node),
  nodes: ({ nodes }) => Object.assign(world, { nodes }),
  packet(packet) {
    const key = packetKey(packet);
    const known = world.packets.get(key);
    const { state, at_ms: at } = packet;
    // An end that the page sees without the beginning has no way to be drawn.
    if (known && known.state !== "lost") Object.assign(known, { state, ended_ms: at });
    if (!known && state === "sent" && world.packets.size < PACKETS_MAX) world.packets.set(key, packet);
    follow(packet);
  },
  message: remember,
  config_updated({ rev, config }) {
    Object.assign(world, { rev, config });
  },
  clock({ seed, speed: times, paused }) {
    world.seed = seed;
    Object.assign(clock, { speed: times, paused });
  },
  reset({ seed }) {
    forget();
    world.seed = seed;
  },
  partition({ cut }) {
    world.partitioned = cut;
  },
  metrics_update: measured,
};

function measured(metrics) {
  world.metrics = metrics;
  // While the world stands, so do the charts.
  if (metrics.window_s > 0) world.history.push({ t: metrics.t_ms / 1000, methods: metrics.methods });
  if (world.history.length > POINTS_MAX) world.history.shift();
}

function forget() {
  world.history = [];
  world.messages.clear();
  world.packets.clear();
  world.waits.clear();
}

/** The cases of an experiment have timeouts of their own, so their waiting is not shown. */
function follow(packet) {
  const { id, run, subscriber, method, direction, state, attempt } = packet;
  const key = `${id}/${subscriber}`;
  if (state === "acknowledged") world.waits.delete(key);
  if (state !== "sent" || direction !== "message" || method !== "pub_sub" || run !== null) return;
  world.waits.set(key, { packet, until_ms: packet.at_ms + waitAfter(attempt) });
}

function waitAfter(attempt) {
  const { ack_timeout_ms: timeout, backoff } = world.config;
  return backoff === "exponential" ? timeout * 2 ** attempt : timeout;
}

function remember(message) {
  world.messages.set(message.id, message);
  if (world.messages.size <= MESSAGES_MAX) return;
  const settled = world.messages.values().find(({ settled }) => settled);
  world.messages.delete((settled ?? world.messages.values().next().value).id);
}
