// The alarm list: what stands where, which rows are in the page, and that none moves under a pointer or the focus.
import { arrange, h, mark, place, say } from './dom.js';
import { createRowView } from './list-row.js';
import { renewed } from './order.js';
import { count, t } from './words.js';

const ROW_PX = 52;
const BEYOND = 6; // rows kept ready above and below what is seen

const idsOf = (rows) => rows.flatMap((row) => row.members.map((alarm) => alarm.alert_id));

/**
 * `list.show(rows, alarms, now)` with rows as order.js makes them, of `alarms` by id. While a pointer or the focus is in the list
 * the order is held: rows change in place, those that left stay as such, new ones wait behind a bar (`list.release()` lets them in).
 */
export function createList({ onSelect }) {
  const box = h('div', { role: 'listbox', class: 'rows', 'aria-label': t('list.label') });
  const scroller = h('div', { class: 'rows-scroll' }, box);
  const bar = h('button', { class: 'new-bar', type: 'button', hidden: true, onclick: () => { release(); focusFirst(); } });
  const empty = h('p', { class: 'rows-empty', hidden: true });
  const element = h('div', { class: 'list' }, bar, scroller, empty);
  const views = new Map();
  let latest = [];
  let shown = [];
  let now = null;
  let selected = null;
  let chosen = null; // the selected row as it was shown last
  // how high the list is and how far it is scrolled: asking the page for it would lay the page out anew at each key press
  let height = 0;
  let top = 0;

  const isHeld = () => scroller.contains(document.activeElement) || scroller.matches(':hover');

  // what is in a row of another key now, as at a flood's begin, is neither gone nor new
  function hold(alarms) {
    const byKey = new Map(latest.map((row) => [row.key, row]));
    shown = shown.map((row) => byKey.get(row.key) ?? renewed(row, alarms));
    const standing = new Set([...shown.map((row) => row.key), ...idsOf(shown)]);
    const waiting = latest.filter((row) => !standing.has(row.key) && idsOf([row]).some((id) => !standing.has(id)));
    const isStale = waiting.length > 0 || shown.some((row, i) => row.key !== latest[i]?.key);
    const worst = waiting.some((row) => row.severity === 'critical') ? 'critical' : '';
    mark(bar, 'class', `new-bar ${worst}`);
    say(bar, waiting.length > 0 ? count('list.new', waiting.length) : t('list.resort'));
    bar.hidden = !isStale;
  }

  function release() {
    shown = latest;
    bar.hidden = true;
    followChoice();
    draw();
  }

  function draw() {
    place(box, 'height', shown.length * ROW_PX);
    const first = Math.max(0, Math.floor(top / ROW_PX) - BEYOND);
    const last = Math.min(shown.length, Math.ceil((top + height) / ROW_PX) + BEYOND);
    const wanted = new Set();
    shown.forEach((row, position) => {
      // the selected row stays in the page wherever it is scrolled to: it may have the focus
      if ((position < first || position >= last) && row.key !== selected) return;
      wanted.add(row.key);
      if (!views.has(row.key)) views.set(row.key, createRowView(row.key, pick));
      const { element: line, show } = views.get(row.key);
      show(row, position, shown.length, now);
      place(line, 'top', position * ROW_PX);
      mark(line, 'aria-selected', row.key === selected ? 'true' : 'false');
      mark(line, 'tabindex', row.key === selected || (position === 0 && !isShown(selected)) ? '0' : '-1');
    });
    for (const [key, view] of views) {
      if (!wanted.has(key)) { view.element.remove(); views.delete(key); }
    }
    // as they are seen, for those who hear them
    arrange(box, [...wanted].map((key) => views.get(key).element));
    box.hidden = shown.length === 0;
    empty.hidden = shown.length > 0;
  }

  // the choice stays with its alarm when that stands in a row of another key
  function followChoice() {
    if (chosen && !isShown(selected)) {
      const [id] = idsOf([chosen]);
      selected = shown.find((row) => idsOf([row]).includes(id))?.key ?? selected;
    }
    chosen = rowOf(selected) ?? chosen;
  }

  const rowOf = (key) => latest.find((row) => row.key === key) ?? shown.find((row) => row.key === key) ?? null;
  const isShown = (key) => shown.some((row) => row.key === key);

  function reveal(position) {
    const above = position * ROW_PX;
    if (above < top) scrollTo(above);
    else if (above + ROW_PX > top + height) scrollTo(above + ROW_PX - height);
  }

  function scrollTo(wanted) {
    top = Math.max(0, wanted);
    scroller.scrollTop = top;
  }

  function pick(key, focus = true) {
    selected = key;
    const position = shown.findIndex((row) => row.key === key);
    if (position >= 0) reveal(position);
    chosen = shown[position] ?? null;
    draw();
    if (focus) views.get(key)?.element.focus({ preventScroll: true });
    onSelect(chosen);
  }

  function focusFirst() { if (shown.length > 0) pick(shown[0].key); }

  let drawing = false;
  scroller.addEventListener('scroll', () => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => { drawing = false; top = scroller.scrollTop; draw(); });
  });
  new ResizeObserver(([{ contentRect }]) => { height = contentRect.height; draw(); }).observe(scroller);

  return {
    element,
    show(rows, alarms, instant) {
      latest = rows;
      now = instant;
      if (isHeld() && shown.length > 0) hold(alarms);
      else { shown = rows; bar.hidden = true; }
      followChoice();
      draw();
    },
    tell(text) { say(empty, text); },
    release,
    pick,
    /** The selected row as it is now, or null. */
    current: () => rowOf(selected),
    move(step) {
      if (shown.length === 0) return;
      const position = shown.findIndex((row) => row.key === selected);
      const next = position < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, position + step));
      pick(shown[next].key);
    },
    focus() { if (isShown(selected)) pick(selected); else focusFirst(); },
  };
}
