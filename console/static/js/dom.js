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

/** Set a length of an element's style in px, touching the page only when it differs. */
export function place(element, name, px) {
  if (element.style[name] !== `${px}px`) element.style[name] = `${px}px`;
}

/**
 * Let these, among which are all that the box has, be its children in this order. The one that has the focus is never moved, for it would lose it: the
 * others are put round it.
 */
export function arrange(box, wanted) {
  const still = wanted.find((child) => child.contains(document.activeElement));
  let at = box.firstElementChild;
  for (const child of wanted) {
    // what stands between here and the one that stays comes later in the order, and is moved behind it then
    if (child === at || child === still) at = child.nextElementSibling;
    else box.insertBefore(child, at);
  }
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
      fillWith(element, build(facts));
    },
  };
}

/** The same where facts are many, and each that changes is another object than before: those are compared one by one. */
export function partOfObjects(element) {
  let shown = null;
  return {
    element,
    show(facts, build) {
      if (shown?.length === facts.length && facts.every((fact, i) => fact === shown[i])) return;
      shown = facts;
      fillWith(element, build(facts));
    },
  };
}

const fillWith = (element, built) => element.replaceChildren(...[built].flat(3).filter(Boolean));
