// Which page an address shows.
import { createAudit } from './audit.js';
import { createConvoyPage } from './convoy-page.js';
import { h } from './dom.js';
import { listenKeys } from './keys.js';
import { createPlayback } from './playback.js';
import { createQuality } from './quality.js';
import { createReport } from './report.js';
import { createRoom } from './room.js';
import { t } from './words.js';

const MAKERS = { room: createRoom, convoy: createConvoyPage, playback: createPlayback, quality: createQuality, report: createReport, audit: createAudit };
// Pages that not every role may see, as the server has it: whom they are for, and what they show.
const POSITIONS = { roles: ['viewer', 'operator', 'supervisor'], shows: 'positions' };
const KEPT = { convoy: POSITIONS, playback: POSITIONS, audit: { roles: ['supervisor'], shows: 'audit' } };

/** Whether the page is for this role. */
export const mayOpen = (name, role) => !Object.hasOwn(KEPT, name) || KEPT[name].roles.includes(role);

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // what is no address of ours is looked for as it stands
  }
}

/** `{name, id}` of an address such as `#/convoy/BTG-01`; what no page has is the room. */
export function pageOf(hash) {
  const [name, id] = hash.replace(/^#\/?/, '').split('/');
  if (name === 'convoy' && id) return { name, id: decoded(id) };
  return { name: Object.hasOwn(MAKERS, name) && name !== 'convoy' ? name : 'room', id: null };
}

const refusal = (name, role) => ({
  element: h('main', { class: 'page' }, h('h1', {}, t(`page.${name}`)),
    h('p', { role: 'status' }, t(`page.refused.${KEPT[name].shows}`, { role: t(`role.${role}`) })),
    h('p', {}, h('a', { href: '#/' }, t('convoy.back')))),
});

/** Make the page of an address, or say whom it is for. The list of keys opens on each of them. */
export function makePage({ name, id }, world) {
  const { role } = world.session;
  const made = mayOpen(name, role) ? MAKERS[name]({ ...world, id }) : refusal(name, role);
  const stop = listenKeys(() => ({ '?': world.onHelp }));
  return { ...made, leave() { stop(); made.leave?.(); } };
}
