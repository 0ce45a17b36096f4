// How good the alarms themselves are: ISA-18.2's figures of this post, live.
import { api } from './api.js';
import { h, part, s } from './dom.js';
import { percent, span } from './figures.js';
import { SEVERITIES } from './order.js';
import { severityShape } from './shapes.js';
import { count, failure, t, whole } from './words.js';

const FLOOD_PER_10_MIN = 10; // ISA-18.2 as quoted by prosys.com
const REFRESH_MS = 15000;
const SPANS_H = [1, 8, 24, 168];
const BARS_MAX = 168;

/** The rates, or the worst of each so many where there are too many to be seen. */
function barsOf(rates) {
  const aBar = Math.ceil(rates.length / BARS_MAX);
  return { aBar, bars: Array.from({ length: Math.ceil(rates.length / aBar) }, (_, i) => Math.max(...rates.slice(i * aBar, (i + 1) * aBar))) };
}

function rateChart(rates) {
  const [width, height] = [640, 150];
  const top = Math.max(FLOOD_PER_10_MIN * 1.2, ...rates);
  const step = width / Math.max(1, rates.length);
  const y = (value) => height - (value / top) * (height - 6);
  return s('svg', { viewBox: `0 0 ${width} ${height + 4}`, preserveAspectRatio: 'none', class: 'chart rate', role: 'img', 'aria-label': t('quality.rate-label', { n: rates.at(-1) ?? 0 }) },
    s('line', { x1: 0, x2: width, y1: y(FLOOD_PER_10_MIN), y2: y(FLOOD_PER_10_MIN), class: 'limit' }),
    s('line', { x1: 0, x2: width, y1: height, y2: height, class: 'grid' }),
    rates.map((value, i) => s('rect', { x: i * step, width: step * 0.8, y: y(value), height: height - y(value), class: value > FLOOD_PER_10_MIN ? 'bar flood' : 'bar' }, s('title', {}, whole(value)))));
}

/** What lies left and right under the chart, and what its line means. */
const axis = (hours) => h('p', { class: 'rate-axis dim' }, h('span', {}, count('quality.ago.hours', hours)), h('span', {}, t('quality.flood-limit')), h('span', {}, t('quality.now')));

const card = (title, ...content) => h('section', { class: 'card' }, h('h2', {}, title), content);
const figure = (value, words) => h('p', { class: 'figure' }, h('b', {}, value), h('span', {}, words));

function mixBars(mix) {
  const total = SEVERITIES.reduce((sum, severity) => sum + (mix[severity] ?? 0), 0);
  return SEVERITIES.map((severity) => h('div', { class: 'mix' }, severityShape(severity), h('span', {}, t(`severity.${severity}`)),
    h('meter', { min: 0, max: Math.max(1, total), value: mix[severity] ?? 0, 'aria-label': t(`severity.${severity}`) }),
    h('b', {}, total ? percent((100 * (mix[severity] ?? 0)) / total) : '–')));
}

const list = (items, none) => (items.length ? h('ol', { class: 'plain' }, items) : h('p', { class: 'dim' }, none));

function groupWords(group) {
  const [convoy, kind] = group.split('|');
  return `${convoy} · ${t(`kind.${kind}`)}`;
}

const spanWords = (hours) => (hours <= 24 ? count('quality.hours', hours) : count('quality.days', hours / 24));

function cards(figures) {
  const { aBar, bars } = barsOf(figures.rate_10_min);
  return [
    card(t('quality.rate'), rateChart(bars), axis(figures.rate_10_min.length / 6), h('p', { class: 'dim' }, aBar > 1 ? `${t('quality.worst', { minutes: 10 * aBar })} ` : '', t('quality.rate-text'))),
    card(t('quality.answer'), figure(span(figures.time_to_ack_s.median), t('quality.median')), figure(span(figures.time_to_ack_s.p95), t('quality.p95'))),
    card(t('quality.flood'), figure(percent(figures.flood_share_pct), t('quality.flood-text'))),
    card(t('quality.mix'), mixBars(figures.mix), h('p', { class: 'dim' }, t('quality.mix-text'))),
    card(t('quality.top'), list(figures.top5.map((one) => h('li', {}, h('b', {}, one.convoy_id), ` ${count('quality.alarms', one.count)}`)), t('quality.none'))),
    card(t('quality.chattering'), list(figures.chattering.map((one) => h('li', {}, groupWords(one.group), ` ${count('quality.alarms', one.count)}`)), t('quality.none'))),
    card(t('quality.stale'), figure(whole(figures.stale.length), t('quality.stale-text'))),
  ];
}

/** The page of alarm quality. */
export function createQuality() {
  const body = part(h('div', { class: 'cards' }));
  const told = h('p', { role: 'status', class: 'trouble' });
  const hours = h('select', { onchange: () => load() }, SPANS_H.map((some) => h('option', { value: some, selected: some === 24 }, spanWords(some))));
  const element = h('main', { class: 'page' }, h('h1', {}, t('page.quality')), h('p', { class: 'dim' }, t('quality.source')),
    h('p', { class: 'page-form' }, h('label', { class: 'field' }, h('span', {}, t('quality.span')), hours)), told, body.element);
  async function load() {
    try {
      body.show(await api.quality(hours.value), cards);
      told.textContent = '';
    } catch (error) {
      told.textContent = t('page.failed', { error: failure(error.message) });
    }
  }
  load();
  const timer = setInterval(load, REFRESH_MS);
  return { element, leave: () => clearInterval(timer) };
}
