// The panel of one node: who speaks for it, what it writes, what it has sent and received.

import { byId, html } from "./dom.js";
import { METHODS, described, isBad, isGood, received } from "./fate.js";
import { show } from "./life.js";
import { tell } from "./socket.js";
import { onLanguage, say, translate } from "./words.js";
import { on, world } from "./world.js";

/** What one click sends to see more than chance. */
const MANY = 10;
const LINES_MAX = 100;
/** Still at the end of the list, in pixels. */
const NEAR_END = 40;

export class Panel {
  /** Fills `#node-NODE`; the node's name is what the panel proposes. */
  constructor(node) {
    this.lines = new Map();
    /** Whether the list shows its end, and goes on doing so when it grows. */
    this.isAtEnd = true;
    this.root = byId(`node-${node}`);
    this.parts = build(node);
    this.root.append(...this.parts.all);
    this.listen();
  }

  get name() {
    return this.parts.name.value.trim();
  }

  listen() {
    const { register, write, name, text, talk } = this.parts;
    register.addEventListener("submit", (event) => {
      event.preventDefault();
      tell({ type: world.mine.has(this.name) ? "leave" : "register", node: this.name });
    });
    write.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(event.submitter === this.parts.many ? MANY : 1);
    });
    name.addEventListener("input", () => this.showAll());
    talk.addEventListener("scroll", () => {
      this.isAtEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < NEAR_END;
    });
    on("registered left nodes", () => this.showWho());
    // Whoever has just asked for the node goes on to write; one that comes back takes nobody's focus.
    on("registered", ({ node }) => {
      if (node === this.name && register.contains(document.activeElement)) text.focus();
    });
    on("message", (message) => this.showLine(message));
    on("connected reset", () => this.showAll());
    onLanguage(() => this.showAll());
  }

  send(count) {
    const { text } = this.parts;
    const method = this.root.querySelector("input[type=radio]:checked").value;
    const words = text.value.trim() || say("sample-text");
    if (tell({ type: "send_message", from: this.name, method, text: words, count })) text.value = "";
  }

  showAll() {
    this.lines.clear();
    this.parts.talk.replaceChildren(this.parts.empty);
    world.messages.forEach((message) => this.showLine(message));
    this.showWho();
  }

  showWho() {
    const { title, state, name, button, choice, write, empty } = this.parts;
    const isMine = world.mine.has(this.name);
    const isElsewhere = !isMine && world.nodes.includes(this.name);
    translate(this.root);
    title.textContent = say("node", { node: this.name });
    button.textContent = say(isMine ? "leave" : "register");
    button.classList.toggle("main", !isMine);
    state.textContent = say(isMine ? "node-mine" : isElsewhere ? "node-elsewhere" : "node-free");
    name.readOnly = isMine;
    choice.hidden = write.hidden = !isMine;
    empty.textContent = say(isMine ? "talk-empty" : "talk-unregistered");
  }

  showLine(message) {
    // The messages of an experiment are seen on the network; nobody has written them.
    if (message.run !== null) return;
    const isOwn = message.from === this.name;
    const isReceived = message.receivers.some(
      ({ node, delivered_ms: at }) => node === this.name && at !== null);
    if (!isOwn && !isReceived) return;
    const line = this.lines.get(message.id) ?? this.add(message, isOwn);
    const small = line.querySelector("small");
    small.textContent = isOwn ? described(message) : received(message, this.name);
    small.className = isOwn && isBad(message) ? "bad" : isOwn && isGood(message) ? "good" : "";
    // A fate may take a second line.
    if (this.isAtEnd) this.parts.talk.scrollTop = this.parts.talk.scrollHeight;
  }

  add({ id, method, text }, isOwn) {
    const { talk, empty } = this.parts;
    const line = html("li", { class: isOwn ? `${method} own` : method },
      html("button", { type: "button", click: () => show(id) }, text, html("small")));
    empty.remove();
    talk.append(line);
    this.lines.set(id, line);
    if (this.lines.size > LINES_MAX) {
      const [oldest, gone] = this.lines.entries().next().value;
      this.lines.delete(oldest);
      gone.remove();
    }
    return line;
  }
}

function build(node) {
  const title = html("h2", { id: `title-${node}` });
  const state = html("span", { class: "quiet" });
  const name = html("input", {
    type: "text", value: node, maxlength: 16, pattern: "[A-Za-z0-9_\\-]+", required: true,
    id: `name-${node}`, "data-say-label": "node-name", autocomplete: "off",
  });
  const button = html("button", { id: `register-${node}` });
  const register = html("form", { class: "write" }, name, button);
  const choice = html("fieldset", { class: "choice" },
    html("legend", { class: "unseen", "data-say": "method" }), ...methods(node));
  const text = html("input", {
    type: "text", id: `text-${node}`, maxlength: 500, autocomplete: "off",
    "data-say-label": "message-text", "data-say-hint": "message-hint",
  });
  const send = html("button", { class: "main", id: `send-${node}`, "data-say": "send" });
  const many = html("button", { id: `many-${node}`, "data-say": "send-many" });
  const write = html("form", { class: "write" }, text, send, many);
  const empty = html("li", { class: "empty" });
  const talk = html("ul", {
    class: "talk", id: `talk-${node}`, tabindex: 0, "aria-labelledby": `title-${node}`,
  });
  const all = [html("header", {}, title, state), register, choice, write, talk];
  return { all, title, state, name, button, register, choice, text, many, write, empty, talk };
}

function methods(node) {
  return Object.entries(METHODS).map(([value, label]) => html("label", {},
    html("input", { type: "radio", name: `method-${node}`, value, checked: value === "direct" }), label));
}
