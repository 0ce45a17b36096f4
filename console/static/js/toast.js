// What came of an action: one line that a screen reader hears and that leaves by itself.
import { h } from './dom.js';

const STAYS_MS = 8000;

/** `toast.tell({ok, words})` shows the line. */
export function createToast() {
  const element = h('div', { class: 'toast', role: 'status', hidden: true });
  let timer = null;
  return {
    element,
    tell({ ok, words }) {
      element.className = `toast ${ok ? 'ok' : 'refused'}`;
      element.textContent = words;
      element.hidden = false;
      clearTimeout(timer);
      timer = setTimeout(() => { element.hidden = true; }, STAYS_MS);
    },
  };
}
