// The shift report: which hours, which language; the report itself is the server's, to print or as CSV.
import { reportAddress } from './api.js';
import { h } from './dom.js';
import { present } from './store.js';
import { fieldInstant, fieldValue, zoneName, zoneOf } from './time.js';
import { LANGUAGES, spoken, t } from './words.js';

const SHIFTS_H = [1, 4, 8, 12, 24];
const HOLDS = ['alarms', 'figures', 'kinds', 'handover'];

/** The page of reports. */
export function createReport({ store }) {
  const now = present(store.state);
  const from = h('input', { type: 'datetime-local', required: true, value: fieldValue(now - 8 * 3600000) });
  const to = h('input', { type: 'datetime-local', required: true, value: fieldValue(now + 60000) });
  const lang = h('select', {}, LANGUAGES.map((one) => h('option', { value: one, selected: one === spoken() }, t(`language.${one}`))));
  const zone = zoneName(zoneOf(null));
  const told = h('p', { class: 'trouble', role: 'alert' });
  const field = (words, control) => h('label', { class: 'field' }, h('span', {}, words), control);

  function open(format) {
    const [start, end] = [fieldInstant(from.value), fieldInstant(to.value)];
    told.textContent = '';
    if (!start || !end || end <= start) { told.textContent = t('report.order'); return; }
    window.open(reportAddress(format, start.toISOString(), end.toISOString(), lang.value), '_blank', 'noopener');
  }

  const element = h('main', { class: 'page' }, h('h1', {}, t('page.report')), h('p', { class: 'dim' }, t('report.text')),
    h('div', { class: 'page-form', role: 'group', 'aria-label': t('report.last') }, SHIFTS_H.map((hours) => h('button', {
      type: 'button', onclick: () => { const end = present(store.state); from.value = fieldValue(end - hours * 3600000); to.value = fieldValue(end + 60000); },
    }, t('report.hours', { n: hours })))),
    h('form', { class: 'page-form', onsubmit: (event) => { event.preventDefault(); open('html'); } },
      field(t('report.from', { zone }), from), field(t('report.to', { zone }), to), field(t('switch.lang'), lang),
      h('button', { class: 'primary' }, t('report.html')), h('button', { type: 'button', onclick: () => open('csv') }, t('report.csv'))), told,
    h('p', {}, t('report.holds')), h('ul', { class: 'contents' }, HOLDS.map((part) => h('li', {}, t(`report.holds.${part}`)))));
  return { element };
}
