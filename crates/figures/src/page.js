// Values under the mouse and by keyboard, and tables that sort by a column.
"use strict";

const tip = document.body.appendChild(document.createElement("div"));
tip.className = "tip";
tip.role = "status";

// What a mouse may miss its mark by, in pixels.
const NEAR = 14;
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

for (const drawing of document.querySelectorAll(".panel svg")) {
  // Else the browser would show the values too, later and elsewhere.
  const marks = [...drawing.querySelectorAll("title")].map((title) => {
    const mark = title.parentNode;
    mark.dataset.value = title.textContent;
    title.remove();
    return mark;
  });
  if (marks.length) explain(drawing, marks);
}

function explain(drawing, marks) {
  let shown = -1;
  const show = (index) => {
    if (index === shown) return;
    marks[shown]?.classList.remove("shown");
    shown = index;
    tip.textContent = marks[index]?.dataset.value ?? "";
    if (index < 0) return;
    marks[index].classList.add("shown");
    place(marks[index].getBoundingClientRect());
  };
  drawing.tabIndex = 0;
  drawing.addEventListener("pointermove", ({ clientX, clientY }) => show(nearest(marks, clientX, clientY)));
  drawing.addEventListener("pointerleave", () => show(-1));
  drawing.addEventListener("focus", () => drawing.matches(":focus-visible") && show(0));
  drawing.addEventListener("blur", () => show(-1));
  drawing.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(-1);
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    show(Math.min(Math.max(shown + STEPS[event.key], 0), marks.length - 1));
  });
}

function place({ left, right, top, bottom }) {
  const { width, height } = tip.getBoundingClientRect();
  const most = document.documentElement.clientWidth - width - 4;
  const x = Math.max(4, Math.min((left + right - width) / 2, most));
  const y = top > height + 10 ? top - height - 6 : bottom + 6;
  tip.style.translate = `${x + scrollX}px ${y + scrollY}px`;
}

function nearest(marks, x, y) {
  const boxes = marks.map((mark) => mark.getBoundingClientRect());
  const beyond = (at, low, high) => Math.max(low - at, 0, at - high);
  const distances = boxes.map(({ left, right, top, bottom }) =>
    Math.hypot(beyond(x, left, right), beyond(y, top, bottom))
    + Math.hypot(x - (left + right) / 2, y - (top + bottom) / 2) / 1e4);
  const least = Math.min(...distances);
  return least <= NEAR ? distances.indexOf(least) : -1;
}

for (const player of document.querySelectorAll(".player")) walkThrough(player);

// A walk takes as long as what it shows, or longer, so that an eye can follow.
function walkThrough(player) {
  const LEAST_S = 8;
  const JUMP_MS = 1000;
  const { end, pause, state } = player.dataset;
  const [play, step, slider] = player.children;
  const playing = play.textContent;
  const panels = [...player.closest("figure").querySelectorAll(".panel svg")].map(curtained);
  const moments = panels.flatMap(({ bars }) => bars.flat()).sort((one, other) => one - other);
  const wantsNoMotion = matchMedia("(prefers-reduced-motion: reduce)");
  let last = null;

  const show = (share) => {
    slider.value = share;
    slider.ariaValueText = `${(share * end).toFixed(2)} s`;
    panels.forEach((panel) => draw(panel, share, state));
  };
  const stop = () => {
    last = null;
    play.textContent = playing;
  };
  const goOn = (now) => {
    if (last === null) return;
    if (!wantsNoMotion.matches || now - last >= JUMP_MS) {
      const share = Number(slider.value) + (now - last) / 1000 / Math.max(end, LEAST_S);
      show(Math.min(share, 1));
      last = now;
      if (share >= 1) stop();
    }
    requestAnimationFrame(goOn);
  };
  play.addEventListener("click", () => {
    if (last !== null) return stop();
    if (Number(slider.value) >= 1) show(0);
    last = performance.now();
    play.textContent = pause;
    requestAnimationFrame(goOn);
  });
  step.addEventListener("click", () => {
    stop();
    const at = Number(slider.value) >= 1 ? 0 : Number(slider.value);
    show(moments.find((moment) => moment > at + 1e-6) ?? 1);
  });
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
}

// Of each bar, as shares of the axis, where its wait ends and where it ends itself.
function curtained(drawing) {
  const grid = [...drawing.querySelectorAll(".grid")];
  const [left, right] = [grid[0], grid.at(-1)].map((line) => line.x1.baseVal.value);
  const share = (x) => (x - left) / (right - left);
  const bars = [...drawing.querySelectorAll("g[data-value]")].map((bar) => {
    const { x, width } = bar.lastElementChild;
    return [share(x.baseVal.value), share(x.baseVal.value + width.baseVal.value)];
  });
  const curtain = drawing.appendChild(document.createElementNS(drawing.namespaceURI, "rect"));
  const { y1, y2 } = grid[0];
  curtain.classList.add("curtain");
  curtain.setAttribute("y", y1.baseVal.value);
  curtain.setAttribute("height", y2.baseVal.value - y1.baseVal.value);
  const said = document.createElement("p");
  said.className = "state";
  drawing.after(said);
  return { bars, curtain, said, left, right };
}

function draw({ bars, curtain, said, left, right }, share, state) {
  const x = left + share * (right - left);
  curtain.setAttribute("x", x);
  curtain.setAttribute("width", right - x);
  const waiting = bars.filter(([served]) => served > share).length;
  const done = bars.filter(([, end]) => end <= share).length;
  const counts = { waiting, done, served: bars.length - waiting - done };
  said.textContent = state.replace(/\{(\w+)\}/g, (_, count) => counts[count]);
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].filter(({ tagName }) => tagName === "TH").forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head, column));
    head.append(button);
  });
}

// Each group by itself; what belongs to a row stays below it.
function sort(table, head, column) {
  const order = head.ariaSort === "ascending" ? "descending" : "ascending";
  table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", order);
  for (const body of table.tBodies) {
    const rows = [];
    for (const row of body.querySelectorAll("tr:not(.group)")) {
      if (row.classList.contains("more")) rows.at(-1).push(row);
      else rows.push([row]);
    }
    const key = ([row]) => row.cells[column].textContent.trim();
    rows.sort((one, other) => compare(key(one), key(other), order === "ascending" ? 1 : -1));
    body.append(...rows.flat());
  }
}

// Empty fields come last in either order.
function compare(one, other, sign) {
  if (!one || !other) return !one - !other;
  const [a, b] = [one, other].map((text) => parseFloat(text.replace(",", ".").replace("−", "-")));
  return sign * (Number.isFinite(a - b) ? a - b : one.localeCompare(other));
}

// A place within what is folded is opened for whoever follows a link to it.
function unfold() {
  const place = document.getElementById(location.hash.slice(1));
  const folded = place?.closest("details:not([open])");
  if (!folded) return;
  folded.open = true;
  place.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();

document.querySelectorAll(".by-script").forEach((words) => { words.hidden = false; });
