// Elements, made in one line each. Text is only ever set as text, so what others type stays text.

const SVG = "http://www.w3.org/2000/svg";

/** The one element with this id. */
export const byId = (id) => document.getElementById(id);

/** An HTML element; what is not text or an element among its content is left out. */
export function html(tag, attributes = {}, ...content) {
  return filled(document.createElement(tag), attributes, content);
}

export function svg(tag, attributes = {}, ...content) {
  return filled(document.createElementNS(SVG, tag), attributes, content);
}

function filled(element, attributes, content) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...content.flat().filter((part) => part !== null && part !== undefined));
  return element;
}
