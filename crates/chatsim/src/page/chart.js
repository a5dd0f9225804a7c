// Lines over time, as SVG that takes its colours from the style of the page.

import { svg } from "./dom.js";
import { number, say } from "./words.js";

const HEIGHT = 220;
const TOP = 12;
const BOTTOM = 188;
const LEFT = 46;
/** Room for the names at the ends of the lines. */
const RIGHT_MARGIN = 66;
const TICKS = 4;
/** So many fit on a phone. */
const TIMES_MAX = 5;
/** Between the names at the ends of two lines. */
const NAME_HEIGHT = 14;

/**
 * Draws series of points `{t, measured, predicted, low, high}` into an `<svg>`, each with its `name` and
 * `style`. A number that is missing leaves a gap.
 */
export function draw(picture, title, series) {
  // In its own pixels, so that its text has the size of the page's on every screen.
  const width = picture.clientWidth || 560;
  const right = width - RIGHT_MARGIN;
  const points = series.flatMap((line) => line.points);
  const times = points.map((point) => point.t);
  const x = scale(Math.min(...times), Math.max(...times), LEFT, right);
  const numbers = points.flatMap((point) => [point.measured, point.predicted, point.high]);
  const top = TICKS * niceStep(Math.max(1, ...numbers.filter(Number.isFinite)) / TICKS);
  const y = scale(0, top, BOTTOM, TOP);
  picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  picture.setAttribute("aria-label", described(title, series));
  picture.replaceChildren(
    ...across(y, top, right),
    ...along(x, times),
    ...series.flatMap((line) => drawLine(line, x, y)),
    ...names(series, y, right),
  );
}

/** What a reader who cannot see the chart is told of it. */
function described(title, series) {
  const parts = series.map((line) => {
    const last = line.points.findLast((point) => Number.isFinite(point.measured));
    const value = last ? number(last.measured, digitsFor(last.measured)) : say("nothing-yet");
    return `${line.name} ${value}`;
  });
  return `${title}: ${parts.join(", ")}`;
}

function across(y, top, right) {
  return Array.from({ length: TICKS + 1 }, (_, index) => {
    const value = (top / TICKS) * index;
    const label = svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" });
    label.textContent = number(value, digitsFor(top / TICKS));
    const line = svg("line", { class: "grid", x1: LEFT, x2: right, y1: y(value), y2: y(value) });
    return [line, label];
  }).flat();
}

function along(x, times) {
  if (times.length === 0) return [];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const step = Math.max(1, niceStep((last - first) / TIMES_MAX));
  const count = Math.floor(last / step) - Math.ceil(first / step) + 1;
  const seconds = Array.from({ length: count }, (_, index) => (Math.ceil(first / step) + index) * step);
  return seconds.map((second) => {
    const label = svg("text", { x: x(second), y: BOTTOM + 18, "text-anchor": "middle" });
    label.textContent = `${number(second)} s`;
    return label;
  });
}

function drawLine({ points, style }, x, y) {
  const band = runs(points, (point) => Number.isFinite(point.low) && Number.isFinite(point.high));
  const bands = band.map((run) => {
    const upper = run.map((point) => `${x(point.t)},${y(point.high)}`);
    const lower = run.map((point) => `${x(point.t)},${y(Math.max(0, point.low))}`).reverse();
    return svg("polygon", { class: `expected-band ${style}`, points: [...upper, ...lower].join(" ") });
  });
  const dots = points.filter((point) => Number.isFinite(point.measured)).map((point) =>
    svg("circle", { class: `dot ${style}`, cx: x(point.t), cy: y(point.measured), r: 3 }));
  const lines = [["predicted", "expected"], ["measured", "run"]].flatMap(([name, kind]) =>
    runs(points, (point) => Number.isFinite(point[name])).map((run) => svg("polyline", {
      class: `${kind} ${style}`, points: run.map((point) => `${x(point.t)},${y(point[name])}`).join(" "),
    })));
  return [...bands, ...lines, ...dots];
}

/** The names stand where their lines end, one below the other where these meet. */
function names(series, y, right) {
  const ends = series.map((line) => {
    const last = line.points.findLast((point) =>
      Number.isFinite(point.measured) || Number.isFinite(point.predicted));
    return last && { line, at: y(last.measured ?? last.predicted) };
  });
  let free = TOP + 4;
  return ends.filter(Boolean).sort((a, b) => a.at - b.at).map(({ line, at }) => {
    const place = Math.max(at + 4, free);
    free = place + NAME_HEIGHT;
    const name = svg("text", { class: `name ${line.style}`, x: right + 8, y: place });
    name.textContent = line.name;
    return name;
  });
}

/** Cuts the points where one is not there. */
function runs(points, isThere) {
  const found = [[]];
  for (const point of points) {
    if (isThere(point)) found.at(-1).push(point);
    else if (found.at(-1).length > 0) found.push([]);
  }
  return found.filter((run) => run.length > 0);
}

/** Where a value between two ends is drawn; all at the far end where the ends are one. */
function scale(low, high, from, to) {
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : to);
}

/** The least of 1, 2, 2.5, 5 times a power of ten at or above the value. */
function niceStep(value) {
  const decade = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return decade * [1, 2, 2.5, 5, 10].find((factor) => factor * decade >= value * (1 - 1e-9));
}

const digitsFor = (value) => (value >= 10 || Number.isInteger(value) ? 0 : value >= 1 ? 1 : 2);
