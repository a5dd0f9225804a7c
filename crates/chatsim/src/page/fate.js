// What has become of a message, in a sign and a few words.

import { milliseconds } from "./numbers.js";
import { say } from "./words.js";

/** The methods have the same names in all languages. */
export const METHODS = { direct: "Direct", pub_sub: "PubSub" };

const SIGNS = {
  waiting: "…", sent: "✓", delivered: "✓✓", acknowledged: "✓✓", lost: "✗",
  failed_though_delivered: "!",
};

export const isGood = ({ fate }) => fate === "delivered" || fate === "acknowledged";
export const isBad = ({ fate }) => fate === "lost" || fate === "failed_though_delivered";

/** To whoever sent it: by what method, its fate, how often it was sent, how long it took. */
export function described(message) {
  const { fate, attempts, targets, delivered, first_delivered_ms: arrived, sent_ms: sent } = message;
  const parts = [METHODS[message.method], `${SIGNS[fate] ?? ""} ${say(`fate-${fate}`)}`];
  if (targets > 1) parts.push(say("of-targets", { delivered, targets }));
  if (attempts > 1) parts.push(say("repeated", { times: attempts - 1 }));
  if (arrived !== null) {
    const time = milliseconds(arrived - sent);
    // Beside any other word the time would be taken for that of the ACK.
    parts.push(fate === "delivered" ? time : say("after", { time }));
  }
  if (message.by_hand) parts.push(say("by-hand"));
  return parts.join(" · ");
}

/** To whoever received it. */
export function received(message, node) {
  const receiver = message.receivers.find((candidate) => candidate.node === node);
  const parts = [METHODS[message.method], say("from", { node: message.from })];
  parts.push(milliseconds(receiver.delivered_ms - message.sent_ms));
  if (message.targets === 1 && message.duplicates > 0) {
    parts.push(say("again", { times: message.duplicates }));
  }
  return parts.join(" · ");
}
