// Follows a run: says how far it is, and puts a new page in place of the old one where there is more to see. What the
// reader has opened, sorted, focused and scrolled to stays.
const strip = document.querySelector(".strip");
const events = new EventSource("events");

events.addEventListener("row", ({ data }) => { strip.innerHTML = data; });
events.addEventListener("page", ({ data }) => {
  strip.dataset.due = data;
  renew();
});
events.addEventListener("over", ({ data }) => {
  events.close();
  strip.innerHTML = data;
});
events.onerror = () => {
  events.close();
  strip.classList.add("lost");
  strip.lastElementChild.textContent = strip.dataset.lost;
};

let isAsking = false;

// One page at a time, and not while a figure is being played.
async function renew() {
  const { page, due } = strip.dataset;
  const isPlaying = [...document.querySelectorAll(".player")].some(
    ({ dataset, firstElementChild }) => firstElementChild.textContent === dataset.pause);
  if (isAsking || page === due) return;
  if (isPlaying) return setTimeout(renew, 1000);
  isAsking = true;
  try {
    const reply = await fetch(location.pathname);
    if (reply.ok) replace(new DOMParser().parseFromString(await reply.text(), "text/html"));
  } catch {
    // The events say when the run is gone.
  } finally {
    isAsking = false;
  }
  if (strip.dataset.page !== page) renew();
}

function replace(next) {
  const main = document.querySelector("main");
  const folded = [...main.querySelectorAll("details")].map((it) => [placeOf(it), it.open]);
  const sorted = [...main.querySelectorAll("th[aria-sort]")].map((head) => [placeOf(head), head.ariaSort]);
  const focused = main.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  const seen = [...main.querySelectorAll("[id]")].find((it) => it.getBoundingClientRect().top >= 0);
  const top = seen?.getBoundingClientRect().top;

  document.title = next.title;
  main.replaceWith(next.querySelector("main"));
  strip.dataset.page = next.querySelector(".strip").dataset.page;
  document.querySelector(".tip")?.remove();
  enliven();

  for (const [place, isOpen] of folded) find(place)?.toggleAttribute("open", isOpen);
  for (const [place, order] of sorted) {
    const head = find(place);
    for (let click = 0; click < 2 && head && head.ariaSort !== order; click += 1) head.querySelector("button").click();
  }
  if (focused) find(focused)?.focus({ preventScroll: true });
  const now = seen && scrollY > 0 ? document.getElementById(seen.id)?.getBoundingClientRect().top : top;
  if (now !== undefined) scrollBy(0, now - top);
}

// Where an element is: by its own name, or within what has one, and which of its kind it is there.
function placeOf(element) {
  if (element.id) return { within: element.id };
  const within = element.parentElement.closest("[id]");
  const like = (within ?? document).querySelectorAll(element.tagName);
  return { within: within?.id, kind: element.tagName, index: [...like].indexOf(element) };
}

function find({ within, kind, index }) {
  const around = within === undefined ? document : document.getElementById(within);
  return kind ? around?.querySelectorAll(kind)[index] : around;
}

enliven();
