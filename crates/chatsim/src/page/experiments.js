// What each experiment asks, how its answer comes out of the measured numbers, and by what its cases are
// compared.

import { milliseconds, percent, perSecond } from "./numbers.js";
import { number } from "./words.js";

/** The games of the first experiment are as short as the course has them. */
const GAME = 10;

/**
 * `answer` is what the person predicts, up to `max` and in `unit`; `so` are the numbers in the sentence that
 * says what is so. Both are found in the totals of 10,000 messages that each case has, by its name. The
 * experiment without a question is that of the conditions as they are.
 */
export const EXPERIMENTS = [
  {
    experiment: 1, max: 100, unit: "%", measures: ["delivered", "latency_mean_ms"],
    answer: ({ direct, pubsub }) =>
      100 * atLeastAsMany(delivered(direct), delivered(pubsub), GAME),
    so: ({ direct, pubsub }) => ({
      direct: percent(delivered(direct)), pubsub: percent(delivered(pubsub)),
      soon: milliseconds(direct.latency_mean_ms), late: milliseconds(pubsub.latency_mean_ms),
    }),
  },
  {
    experiment: 2, max: 100, unit: "%", measures: ["delivered", "failed_though_delivered"],
    answer: ({ pubsub }) => 100 * share(pubsub, "failed_though_delivered"),
    so: ({ direct, pubsub, "pubsub-r5": persistent }) => ({
      direct: percent(delivered(direct)), pubsub: percent(delivered(pubsub)),
      persistent: percent(delivered(persistent)),
    }),
  },
  {
    experiment: 3, max: 100, unit: "%", measures: ["throughput_per_s", "latency_mean_ms"],
    answer: ({ "slow-open": slow, "fast-open": fast }) =>
      (100 * slow.throughput_per_s) / fast.throughput_per_s,
    so: ({ "slow-window": slow, "fast-window": fast }) => ({
      slow: perSecond(slow.throughput_per_s), fast: perSecond(fast.throughput_per_s),
      left: percent(slow.throughput_per_s / fast.throughput_per_s),
    }),
  },
  {
    experiment: 4, max: 20, unit: "%", measures: ["delivered", "duplicates", "latency_mean_ms"],
    answer: ({ "r2-t300": hasty, "r2-t1000": patient }) => 100 * (delivered(patient) - delivered(hasty)),
    so: ({ "r2-t300": hasty, "r2-t1000": patient }) => ({
      many: number(100 * share(hasty, "duplicates")), few: number(100 * share(patient, "duplicates")),
      soon: milliseconds(hasty.latency_mean_ms), late: milliseconds(patient.latency_mean_ms),
    }),
  },
  {
    experiment: 5, max: 200, unit: "", measures: ["delivered", "latency_mean_ms"],
    answer: ({ "pubsub-bursts": bursts }) => 1000 * (1 - delivered(bursts)),
    so: ({ "pubsub-single": single, "pubsub-bursts": bursts }) => ({
      single: percent(delivered(single)), bursts: percent(delivered(bursts)),
    }),
  },
  { experiment: 0, measures: ["delivered", "acknowledged", "latency_mean_ms"] },
];

/** What is counted becomes a share of all that are settled; times and rates are themselves. */
export function share(totals, measure) {
  const isCount = !measure.includes("_ms") && measure !== "throughput_per_s";
  return isCount ? totals[measure] / totals.settled : totals[measure];
}

const delivered = (totals) => share(totals, "delivered");

/** How likely a game of so many messages brings the first at least as many deliveries as the second. */
export function atLeastAsMany(first, second, messages) {
  const [firsts, seconds] = [first, second].map((chance) => binomial(chance, messages));
  return firsts.reduce((sum, likely, count) =>
    sum + likely * seconds.slice(0, count + 1).reduce((a, b) => a + b, 0), 0);
}

/** The chances of 0, 1, ... successes. */
function binomial(chance, tries) {
  let chances = [1];
  for (let tried = 0; tried < tries; tried++) {
    chances = [...chances, 0].map((_, count) =>
      (chances[count] ?? 0) * (1 - chance) + (chances[count - 1] ?? 0) * chance);
  }
  return chances;
}
