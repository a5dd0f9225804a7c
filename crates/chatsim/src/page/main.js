// Puts the page together and connects it.

import * as cards from "./cards.js";
import { byId } from "./dom.js";
import * as flying from "./flying.js";
import * as head from "./head.js";
import * as life from "./life.js";
import * as log from "./log.js";
import * as measures from "./measures.js";
import * as network from "./network.js";
import { Panel } from "./node.js";
import { mention, notify, withdraw } from "./notices.js";
import * as settings from "./settings.js";
import * as share from "./share.js";
import { connect, tell } from "./socket.js";
import { knows, onLanguage, preferred, say, speak } from "./words.js";
import { on, receive, world } from "./world.js";

const parts = [settings, network, flying, life, measures, cards, log, share, head];

/** `null` until the first try has ended. */
let isConnected = null;
let wasConnected = false;
/** The notice that says why there is no connection. */
let obstacle = null;

function showConnection() {
  byId("connection").textContent = say(isConnected ? "connection-open" : "connection-lost");
}

function connectionChanged(isOpen, why = null) {
  // Of many tries that fail for one reason one is said.
  if (isOpen === isConnected && why === obstacle) return;
  withdraw(obstacle);
  isConnected = isOpen;
  obstacle = why;
  showConnection();
  if (!isOpen) return notify(obstacle);
  // The server knows a page by its connection, so a new one has to say again for whom it speaks.
  const nodes = [...world.mine];
  world.mine.clear();
  nodes.forEach((node) => tell({ type: "register", node }));
}

function begin() {
  if (!wasConnected) offerShared();
  wasConnected = true;
}

function offerShared() {
  const found = share.shared();
  if (!found) return;
  const action = { key: "reproduce", run: () => share.reproduce(found) };
  notify("notice-shared", { seed: found.seed }, action);
}

parts.forEach((part) => part.start());
for (const node of ["A", "B"]) new Panel(node);
on("error", ({ code, text }) => mention(knows(`error-${code}`) ? `error-${code}` : text));
on("lagged", ({ missed }) => mention("notice-lagged", { missed }));
on("connected", begin);
onLanguage(showConnection);
addEventListener("hashchange", offerShared);
await speak(preferred());
connect(receive, connectionChanged);
