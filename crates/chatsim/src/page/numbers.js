// Numbers as the page writes them: few digits, each with its unit.

import { number } from "./words.js";

/** A dash where there is no number: nothing was sent, or theory is silent. */
export const shown = (value, format) => (Number.isFinite(value) ? format(value) : "–");

/** More digits where a share is near one of its ends. */
export function percent(share) {
  const distance = Math.min(share, 1 - share);
  return `${number(100 * share, distance > 0 && distance < 0.01 ? 2 : 1)}%`;
}

export const decimal = (value) => number(value, 2);

/** Number and unit stay on one line. */
export const milliseconds = (value) => `${number(value)}\u00a0ms`;

export const perSecond = (value) => `${number(value, value < 10 ? 2 : 1)}/s`;

/** In standard deviations. */
export const signed = (value) => (value > 0 ? "+" : "") + number(value, 1).replace("-", "−");

/** Further from the prediction than this, a number is marked: one in 370 is by chance. */
const FAR = 3;

export const isFar = (z) => Math.abs(z) > FAR;
