// The shift report: which hours, which language; the report itself is the server's, to print or as CSV.
import { reportAddress } from './api.js';
import { h } from './dom.js';
import { present } from './store.js';
import { fieldInstant, FIRST_DAY, fieldValue, LAST_DAY, zoneName, zoneOf } from './time.js';
import { LANGUAGES, spoken, t } from './words.js';

const SHIFTS_H = [1, 4, 8, 12, 24];
const DAYS_MAX = 31;
const DAY_MS = 24 * 3600000;
const HOLDS = ['alarms', 'figures', 'kinds', 'handover'];

/** The page of reports. */
export function createReport({ store }) {
  const now = present(store.state);
  const from = h('input', { type: 'datetime-local', required: true, min: FIRST_DAY, max: LAST_DAY, value: fieldValue(now - 8 * 3600000) });
  const to = h('input', { type: 'datetime-local', required: true, min: FIRST_DAY, max: LAST_DAY, value: fieldValue(now + 60000) });
  const lang = h('select', {}, LANGUAGES.map((one) => h('option', { value: one, selected: one === spoken() }, t(`language.${one}`))));
  const zone = zoneName(zoneOf(null));
  const told = h('p', { class: 'trouble', role: 'alert' });
  const field = (words, control) => h('label', { class: 'field' }, h('span', {}, words), control);

  /** What is wrong with the hours that are chosen, in words: the report opens in a tab of its own. */
  function fault() {
    const fields = [from, to];
    if (fields.some(({ value }) => !value)) return t('report.empty');
    if (fields.some(({ validity }) => validity.rangeUnderflow || validity.rangeOverflow)) return t('report.years');
    const length = fieldInstant(to.value) - fieldInstant(from.value);
    if (length <= 0) return t('report.order');
    return length > DAYS_MAX * DAY_MS ? t('report.too-long', { n: DAYS_MAX }) : null;
  }

  function open(format) {
    told.textContent = fault() ?? '';
    if (told.textContent) return;
    const [start, end] = [fieldInstant(from.value), fieldInstant(to.value)];
    window.open(reportAddress(format, start.toISOString(), end.toISOString(), lang.value), '_blank', 'noopener');
  }

  const element = h('main', { class: 'page' }, h('h1', {}, t('page.report')), h('p', { class: 'dim' }, t('report.text')),
    h('div', { class: 'page-form', role: 'group', 'aria-label': t('report.last') }, SHIFTS_H.map((hours) => h('button', {
      type: 'button', onclick: () => { const end = present(store.state); from.value = fieldValue(end - hours * 3600000); to.value = fieldValue(end + 60000); },
    }, t('report.hours', { n: hours })))),
    h('form', { class: 'page-form', novalidate: true, onsubmit: (event) => { event.preventDefault(); open('html'); } },
      field(t('report.from', { zone }), from), field(t('report.to', { zone }), to), field(t('switch.lang'), lang),
      h('button', { class: 'primary' }, t('report.html')), h('button', { type: 'button', onclick: () => open('csv') }, t('report.csv'))), told,
    h('p', {}, t('report.holds')), h('ul', { class: 'contents' }, HOLDS.map((part) => h('li', {}, t(`report.holds.${part}`)))));
  return { element };
}
