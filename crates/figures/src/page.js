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
