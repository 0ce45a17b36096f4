// Single keys: they act outside of fields only, and can be switched off (WCAG 2.1.4).
import { prefs } from './prefs.js';

const FIELDS = 'input, select, textarea, dialog';

/** Whether a key press is meant for a field, a dialog or the browser. */
function isElsewhere(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.target.closest?.(FIELDS);
}

/** Listen until the returned function is called. `commands` maps a key to what it does; they are looked up at each press. */
export function listenKeys(commands) {
  function onKey(event) {
    if (isElsewhere(event)) return;
    const isSingle = event.key.length === 1;
    if (isSingle && !prefs.keys && event.key !== '?') return;
    // Enter and the arrows belong to whatever has the focus, the list excepted
    if (!isSingle && event.key !== 'Escape' && !event.target.closest?.('[role=listbox]')) return;
    const run = commands()[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
