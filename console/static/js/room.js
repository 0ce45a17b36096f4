// The control room: list, map, convoy, and the keys that join them.
import { createConvoyView } from './convoy.js';
import { createDock } from './dock.js';
import { h, mark, say } from './dom.js';
import { listenKeys } from './keys.js';
import { createList } from './list.js';
import { createMap } from './map.js';
import { floodRows, isListed, isUnacknowledged, matches, rowsOf } from './order.js';
import { createPace, createSettled } from './pace.js';
import { createShelf } from './shelf.js';
import { clock } from './time.js';
import { count, said, t } from './words.js';

const NO_POINTS = [];
const SETTLED_MS = 120;

const isUrgent = (row) => row.severity === 'critical' && isUnacknowledged(row.lead);
const searchText = ({ alert }, plans) => [alert.convoy_id, plans.get(alert.convoy_id)?.name, alert.vehicle_id, t(`kind.${alert.kind}`), alert.kind, said(alert.message)].join(' ');

/** Tabs of a narrow screen: one part at a time. */
function createTabs(element, onChoose) {
  const names = ['list', 'map', 'convoy'];
  const choose = (name) => {
    element.dataset.part = name;
    for (const button of bar.children) button.setAttribute('aria-pressed', String(button.dataset.part === name));
    onChoose();
  };
  const bar = h('div', { class: 'part-tabs', role: 'toolbar', 'aria-label': t('room.parts') },
    names.map((name) => h('button', { type: 'button', 'data-part': name, onclick: () => choose(name) }, t(`room.${name}`))));
  choose('list');
  return { bar, choose };
}

/**
 * The room's page: `{element, update(touched), restyle(), leave()}`. `desk` is what the person was at, `{chosen, drafts}`: it outlives
 * the page, which is made anew for another language.
 */
export function createRoom({ store, session, speaker, toast, desk, go }) {
  const { state } = store;
  const versions = { alarms: 0, convoys: 0, plans: 0 };
  const opened = new Set();
  const search = h('input', { type: 'search', class: 'search', placeholder: t('list.search'), 'aria-label': t('list.search'), oninput: () => refresh(),
    onkeydown(event) { if (event.key === 'Escape' || event.key === 'Enter') { event.preventDefault(); list.focus(); } } });
  let points = NO_POINTS;
  let selected = null;
  // the list comes first; what stands beside it is drawn in a frame of its own and at its own pace
  const beside = createPace(() => { convoy.tick(); showMap(); });
  // the row and its facts are shown at once; what takes longer to draw follows when the person stays with it
  const settled = createSettled(() => { convoy.show(selected); showMap(); }, SETTLED_MS);

  const onDone = (result) => { toast.tell(result); refresh(); };
  const list = createList({ onSelect: (row) => { desk.chosen = row?.key ?? null; dock.turnTo(row); if (row) choose(row.convoys[0]); } });
  const hidden = h('button', { class: 'hidden-bar', type: 'button', hidden: true, onclick: () => { clearSearch(); list.focus(); } });
  const leftOut = h('p', { class: 'dim list-left-out', hidden: true });
  const dock = createDock({ store, session, drafts: desk.drafts, onDone, onLeave: () => list.focus(), onOpen: (id) => go(`convoy/${encodeURIComponent(id)}`) });
  const shelf = createShelf({ store, session, onDone });
  const convoy = createConvoyView({ store, onHistory: (got) => { points = got; showMap(); }, onPage: (id) => go(`convoy/${encodeURIComponent(id)}`), onPick: (id) => choose(id) });
  const hasMap = session.role !== 'report-desk';
  const map = hasMap ? createMap({ basemap: session.basemap, onPick: pickOnMap }) : null;
  const element = h('main', { class: `room${hasMap ? '' : ' without-map'}` });
  const tabs = createTabs(element, beside.soon); // a part that was hidden has had no size to be drawn for
  element.append(...[tabs.bar,
    h('section', { class: 'alarms', 'aria-label': t('list.label') }, h('div', { class: 'list-head' }, h('h2', {}, t('list.title')), search), hidden, list.element, leftOut, shelf.element, dock.element),
    map?.element, hasMap && convoy.element].filter(Boolean));

  function rows() {
    const open = [...state.alarms.values()].filter(isListed);
    return state.heartbeat?.flood?.active ? floodRows(open, opened) : rowsOf(open);
  }

  const found = (made) => (search.value ? made.filter((row) => matches(row, search.value, (alarm) => searchText(alarm, state.plans))) : made);

  function clearSearch() {
    search.value = '';
    refresh();
  }

  // a search must not make anybody believe that there is nothing else
  function tellHidden(others) {
    const critical = others.filter(isUrgent).length;
    hidden.hidden = others.length === 0;
    mark(hidden, 'class', `hidden-bar ${critical > 0 ? 'critical' : ''}`);
    say(hidden, [count('list.hidden', others.length), critical > 0 && count('list.hidden-critical', critical)].filter(Boolean).join(' · '));
  }

  function refresh() {
    const all = rows();
    const shown = found(all);
    list.show(shown, state.alarms, state.now);
    const seen = new Set(shown);
    tellHidden(all.filter((row) => !seen.has(row)));
    leftOut.hidden = state.leftOut === 0;
    say(leftOut, count('list.left-out', state.leftOut));
    const newest = state.heartbeat?.newest_record_at;
    list.tell(search.value ? t('list.no-match') : t(newest ? 'list.empty' : 'list.empty-no-data', { at: clock(newest, null) }));
    dock.show(list.current());
    shelf.show();
  }

  function showMap() {
    map?.show({ convoys: state.convoys, plans: state.plans, alarms: state.alarms, now: state.now, selected, points, versions: { ...versions } });
  }

  function choose(id) {
    if (!hasMap) return;
    selected = id;
    settled.later();
  }

  function pickOnMap({ convoy_id: id, alert_id: alarmId }) {
    const row = alarmId && rows().find(({ members }) => members.some((alarm) => alarm.alert_id === alarmId));
    if (row) turnTo(row); else choose(id);
  }

  function turnTo(row) {
    if (!found([row]).length) clearSearch();
    list.release();
    list.pick(row.key);
  }

  function oldestCritical() {
    const row = rows().find(isUrgent);
    if (row) turnTo(row); else toast.tell({ ok: true, words: t('list.no-critical') });
  }

  function toggleFlood() {
    const row = list.current();
    if (!row?.children) return;
    if (!opened.delete(row.key)) opened.add(row.key);
    refresh();
    list.release();
    list.pick(row.key);
  }

  function centre() {
    const row = list.current();
    if (!row) return;
    if (row.children) { toggleFlood(); return; }
    tabs.choose('map');
    settled.now();
    map?.centreOn(row.lead.alert);
  }

  const stop = listenKeys(() => ({
    j: () => list.move(1), ArrowDown: () => list.move(1), k: () => list.move(-1), ArrowUp: () => list.move(-1),
    a: () => dock.start('acknowledge'), A: () => dock.start('acknowledge', true), g: () => dock.start('assign'), s: () => dock.start('shelve'),
    n: () => dock.start('note'), c: () => dock.start('close'), u: oldestCritical, r: () => list.release(), Enter: centre, x: toggleFlood,
    o: () => { const row = list.current(); if (row && hasMap) go(`convoy/${encodeURIComponent(row.convoys[0])}`); },
    '/': () => { tabs.choose('list'); search.focus(); }, f: () => map?.follow(), m: () => { speaker.mute(); toast.tell({ ok: true, words: t('sound.muted-now') }); },
    Escape: () => list.focus(),
  }));

  refresh();
  if (desk.chosen) list.pick(desk.chosen, false);
  return {
    element,
    update(touched) {
      for (const name of touched) if (name in versions) versions[name] += 1;
      if (touched.has('alarms') || touched.has('heartbeat')) refresh();
      if (hasMap) beside.soon();
    },
    restyle: () => map?.restyle(),
    leave() { stop(); settled.stop(); beside.stop(); map?.destroy(); },
  };
}
