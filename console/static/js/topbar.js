// The top bar: how fresh, how many, who, and the switches.
import { h, mark, say } from './dom.js';
import { brief } from './figures.js';
import { judge } from './freshness.js';
import { SEVERITIES } from './order.js';
import { mayOpen } from './pages.js';
import { prefs } from './prefs.js';
import { severityShape } from './shapes.js';
import { clock, zoneName, zoneOf, ZONES } from './time.js';
import { LANGUAGES, t } from './words.js';

const PAGES = ['room', 'playback', 'quality', 'report', 'audit'];

function selector(name, options, now, words, onChange) {
  return h('select', { class: 'switch', name, 'aria-label': t(`switch.${name}`), title: t(`switch.${name}`), onchange: ({ target }) => onChange(name, target.value) },
    options.map((option) => h('option', { value: option, selected: option === now }, words(option))));
}

// the select beside the clock is the clock's suffix
const zoneWords = (zone) => (zone === 'plan' ? t('zone.plan', { zone: zoneName(zoneOf(null, 'plan')) }) : zoneName(zone));

function counter(severity) {
  const figure = h('b', {});
  const element = h('span', { class: `counter ${severity}` }, severityShape(severity, 16), figure, h('span', { class: 'unseen' }));
  return {
    element,
    show(counts = { unacked: 0, all: 0 }) {
      say(figure, `${counts.unacked}/${counts.all}`);
      say(element.lastChild, t('top.counter', { severity: t(`severity.${severity}`), unacked: counts.unacked, all: counts.all }));
      mark(element, 'data-unacked', counts.unacked > 0 ? 'yes' : 'no');
      mark(element, 'title', element.lastChild.textContent);
    },
  };
}

/** The bar. `onChoose(name, value)` for a switch, `onLeave()` to sign out; `tick(page)` each second and at each change. */
export function createTopBar({ store, feed, speaker, session, onChoose, onLeave, onHelp, onSoundTest }) {
  const counters = Object.fromEntries(SEVERITIES.map((severity) => [severity, counter(severity)]));
  const links = Object.fromEntries(PAGES.filter((page) => mayOpen(page, session.role)).map((page) => [page, h('a', { href: `#/${page === 'room' ? '' : page}` }, t(`nav.${page}`))]));
  const state = h('span', { class: 'feed-state' });
  const time = h('time', { class: 'top-clock' });
  const flood = h('span', { class: 'flood-flag', role: 'status', hidden: true });
  const theme = h('button', { type: 'button', class: 'quiet top-theme', onclick: () => onChoose('theme', prefs.theme === 'dark' ? 'light' : 'dark') });
  const leader = h('span', { class: 'leader' });
  const sound = h('button', { type: 'button', class: 'quiet sound', onclick: () => onChoose('sound', !prefs.sound) });
  const element = h('header', { class: 'top' },
    h('a', { class: 'brand', href: '#/' }, 'Kawal'), session.demo ? h('span', { class: 'tag demo' }, t('top.demo')) : null,
    h('nav', { 'aria-label': t('top.pages') }, Object.values(links)),
    h('div', { class: 'counters', role: 'status', 'aria-label': t('top.counts') }, Object.values(counters).map((one) => one.element)), flood,
    h('span', { class: 'top-gap' }),
    state, h('span', { class: 'top-time' }, time, selector('zone', ZONES, prefs.zone, zoneWords, onChoose)),
    h('span', { class: 'top-sound' }, sound, h('button', { type: 'button', class: 'quiet', onclick: onSoundTest }, t('sound.test')), leader),
    selector('lang', LANGUAGES, prefs.lang, (lang) => lang.toUpperCase(), onChoose),
    theme,
    h('button', { type: 'button', class: 'quiet top-help', onclick: onHelp, 'aria-label': t('help.title'), title: t('help.title') }, '?'),
    h('details', { class: 'menu' },
      h('summary', {}, h('b', {}, session.user), h('small', {}, session.post)),
      h('div', { class: 'menu-body' }, h('p', {}, `${session.user} · ${t(`role.${session.role}`)}`), h('p', { class: 'dim' }, session.post),
        h('button', { type: 'button', onclick: onLeave }, t('top.leave')))));

  return {
    element,
    tick(page) {
      const { heartbeat, now } = store.state;
      for (const severity of SEVERITIES) counters[severity].show(heartbeat?.counts?.[severity]);
      for (const [name, link] of Object.entries(links)) mark(link, 'aria-current', name === page ? 'page' : null);
      const { level, age_s } = judge(feed.silentFor(), heartbeat);
      // before the first picture nothing is known, and so nothing is said
      const known = Boolean(heartbeat) || level !== 'ok';
      say(state, known ? t(level === 'ok' ? 'feed.ok' : 'feed.old', { age: brief(age_s ?? 0) }) : '');
      mark(state, 'class', known ? `feed-state ${level}` : 'feed-state unknown');
      say(time, clock(now, null, { suffix: false }));
      say(theme, prefs.theme === 'dark' ? '☀' : '☾');
      mark(theme, 'aria-label', t(prefs.theme === 'dark' ? 'theme.light' : 'theme.dark'));
      mark(theme, 'title', theme.getAttribute('aria-label'));
      flood.hidden = !heartbeat?.flood?.active;
      const n = heartbeat?.flood?.last_10_min ?? 0;
      say(flood, t('top.flood-brief', { n }));
      mark(flood, 'aria-label', t('top.flood', { n }));
      mark(flood, 'title', t('top.flood', { n }));
      say(sound, t(speaker.isMuted() ? 'sound.muted' : `sound.state-${speaker.state()}`));
      say(leader, t(feed.leads() ? 'sound.here' : 'sound.elsewhere'));
    },
  };
}
