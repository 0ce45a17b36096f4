// Elements without markup: whatever text comes in, from a plan, a ping or a person, stays text.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element: `h('button', {class: 'x', onclick: run}, 'text', child)`. Nothing is ever parsed as markup. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** Set an element's text, touching the page only when it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set or remove an attribute, touching the page only when it differs. */
export function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/**
 * A part of a page that is built again only when what it shows has changed: `part.show(facts, build)`.
 * Between two builds its elements stay the same, and so do focus and selection in it.
 */
export function part(element) {
  let shown = null;
  return {
    element,
    show(facts, build) {
      const now = JSON.stringify(facts);
      if (now === shown) return;
      shown = now;
      element.replaceChildren(...[build(facts)].flat(3).filter(Boolean));
    },
  };
}
