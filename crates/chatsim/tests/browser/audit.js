// What is wrong with the page as it stands, as a list of sentences: text too faint to read, ids twice, things
// that hang over the edge of the screen.

const NORMAL_RATIO = 4.5;
const LARGE_RATIO = 3;

function audit() {
  return [...faint(), ...twice(), ...beyond(), ...unsaid()];
}

function faint() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !isSeen(element)) continue;
    const ratio = contrast(inkOf(element), paperOf(element));
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? LARGE_RATIO : NORMAL_RATIO)) {
      found.push(`contrast ${ratio.toFixed(2)}: ${element.tagName} "${walker.currentNode.data.trim().slice(0, 40)}"`);
    }
  }
  return found;
}

function isSeen(element) {
  const control = element.closest("button, input, select, fieldset");
  return element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen, .skip, noscript, option")
    && !control?.disabled;
}

const inkOf = (element) => {
  const style = getComputedStyle(element);
  return channels(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
};

/** The nearest background that hides what is behind it. */
function paperOf(element) {
  for (let at = element; at; at = at.parentElement) {
    const color = channels(getComputedStyle(at).backgroundColor);
    if (color[3] === 1) return color;
  }
  return [255, 255, 255, 1];
}

function channels(color) {
  const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
  return [red, green, blue, alpha];
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color) {
  const [red, green, blue] = color.slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function twice() {
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `two elements are ${id}`);
}

function beyond() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const out = [...document.querySelectorAll("main *, .bar *")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth && !element.closest(".scroll, svg"));
  const names = out.map(({ tagName, id, textContent }) => `${tagName} ${id} "${textContent.slice(0, 30)}"`);
  return [`wider than the screen of ${clientWidth} pixels: ${names.slice(-3).join(", ")}`];
}

/** A word that the language lacks is shown as its key, and a value that was not given as its name. */
function unsaid() {
  const text = document.body.innerText;
  return (text.match(/\{\w+\}|\b(?:fate|fact|log|error|case|set|tile|measure|runner)-[\w.-]+|undefined|NaN/g) ?? [])
    .map((word) => `not in words: ${word}`);
}

return audit();
