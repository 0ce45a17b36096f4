// Under the list: the selected row whole, what to do about it, and the actions.
import { act, targets, whyNot } from './acting.js';
import { h, mark, partOfObjects } from './dom.js';
import { evidence, metres, span, UNKNOWN } from './figures.js';
import { actionForm } from './forms.js';
import { renewed } from './order.js';
import { severityShape } from './shapes.js';
import { clock, secondsBetween } from './time.js';
import { knows, said, t } from './words.js';

const ACTIONS = { acknowledge: 'a', assign: 'g', shelve: 's', note: 'n', close: 'c' };
const AT_ONCE = new Set(['acknowledge', 'unshelve']);
// Vehicles named in full; a flood's row opens into its rows instead.
const MEMBERS_MAX = 60;

function memberState(alarm) {
  if (alarm.shelved) return t('state.shelved', { who: alarm.shelved.actor });
  if (alarm.suppressed) return t('state.suppressed', { rule: t(`rule.${alarm.suppressed.rule}`) });
  if (alarm.notification) return t('state.notification');
  return t(`state.${alarm.state}`, { who: alarm.ack?.actor ?? '' });
}

function factsOf({ alert }) {
  const worst = alert.peak !== null && alert.peak !== undefined && alert.peak !== alert.value;
  return [evidence(alert.value, alert.unit), worst ? t('dock.peak', { value: evidence(alert.peak, alert.unit) }) : null]
    .filter((text) => text && text !== UNKNOWN).join(' · ') || UNKNOWN;
}

function memberLine(alarm, plan) {
  const { alert } = alarm;
  const limit = evidence(alert.threshold, alert.unit);
  return h('tr', {},
    h('th', { scope: 'row' }, alert.vehicle_id ?? t('dock.whole-convoy')),
    h('td', {}, factsOf(alarm), limit === UNKNOWN ? null : h('small', {}, t('dock.limit', { value: limit }))),
    h('td', {}, clock(alert.onset, plan), alert.late ? h('small', {}, t('dock.told-late', { delay: span(alert.delay_s) })) : null),
    h('td', {}, memberState(alarm)));
}

function ackLine({ lead }, plan, now) {
  if (!lead.ack) return null;
  const left = lead.ack.expires_at && secondsBetween(now, lead.ack.expires_at);
  return h('p', { class: 'dock-ack' },
    t('dock.ack', { who: lead.ack.actor, post: lead.ack.post, at: clock(lead.ack.at, plan) }),
    lead.ack.note ? ` “${lead.ack.note}”` : '',
    left > 0 ? ` ${t('dock.expires', { in: span(Math.round(left / 10) * 10) })}` : '');
}

function noteLine({ members }, plan) {
  const notes = members.flatMap(({ actions }) => (actions ?? []).filter(({ action }) => action === 'note'));
  const last = notes.reduce((newest, note) => (newest && newest.at >= note.at ? newest : note), null);
  return last && h('p', { class: 'dock-ack' }, t('dock.noted', { who: last.actor, at: clock(last.at, plan) }), ` “${last.note}”`);
}

// what a later version names nearby, and this one has no word for, is told by its name alone
function nearLine({ alert }) {
  if (!alert.nearest?.length) return null;
  return h('p', { class: 'dock-near' }, t('dock.near'), alert.nearest.map(({ kind, name, distance_m }) => {
    const what = knows(`place.${kind}`) ? t(`place.${kind}`) : '';
    const isSaid = name.toLowerCase().includes(what.toLowerCase());
    return h('span', {}, name, ' ', h('small', {}, [isSaid ? null : what, metres(distance_m)].filter(Boolean).join(' · ')));
  }));
}

/** Facts of a row as elements; used by the dock and by the shelf. */
export function describe(row, plan, now) {
  const members = row.members.slice(0, MEMBERS_MAX);
  return [
    h('header', { class: 'dock-head' }, severityShape(row.severity, 22),
      h('h2', {}, t(`kind.${row.kind}`)),
      h('span', { class: 'dock-place' }, row.convoys.slice(0, 3).join(', '), row.convoys.length > 3 ? ' …' : ''),
      h('span', { class: `tag ${row.severity}` }, t(`severity.${row.severity}`)),
      row.lead.escalation > 0 ? h('span', { class: 'tag' }, t('dock.escalation', { n: row.lead.escalation })) : null),
    plan ? h('p', { class: 'dim' }, plan.name) : null,
    h('p', { class: 'dock-message' }, said(row.lead.alert.message)),
    h('p', { class: 'dock-todo' }, h('strong', {}, t('dock.todo')), ' ', t(`todo.${row.kind}`)),
    row.convoys.length === 1 ? nearLine(row.lead) : null,
    ackLine(row, plan, now),
    noteLine(row, plan),
    h('table', { class: 'dock-members' },
      h('thead', {}, h('tr', {}, ['vehicle', 'evidence', 'since', 'state'].map((name) => h('th', { scope: 'col' }, t(`dock.${name}`))))),
      h('tbody', {}, members.map((alarm) => memberLine(alarm, plan)))),
    row.members.length > members.length ? h('p', {}, t('dock.more', { n: row.members.length - members.length })) : null,
  ];
}

/**
 * The dock. `turnTo(row)` when the person chooses one, `show(row)` each second and at each change: a form that is open keeps its
 * own row, whatever becomes of it in the list, and what was typed is kept in `drafts` until it is sent. `start(action, withNote)`
 * begins an action on the row shown, `onDone({ok, words})` tells how it ended. Focus goes back to the list by `onLeave`.
 */
export function createDock({ store, session, drafts, onDone, onLeave, onOpen }) {
  const facts = partOfObjects(h('div', { class: 'dock-facts', tabindex: '0', role: 'region', 'aria-label': t('dock.label') }));
  const place = h('div', { class: 'dock-form' });
  const buttons = Object.fromEntries(Object.entries(ACTIONS).map(([action, key]) => [action,
    h('button', { type: 'button', onclick: () => start(action) }, t(`act.${action}`), h('kbd', {}, key))]));
  const open = h('button', { type: 'button', onclick: () => row && onOpen(row.convoys[0]) }, t('act.open'), h('kbd', {}, 'o'));
  const bar = h('div', { class: 'dock-actions', role: 'toolbar', 'aria-label': t('dock.actions') }, Object.values(buttons), open);
  const nothing = h('p', { class: 'dim dock-nothing' }, t('dock.nothing'));
  const element = h('section', { class: 'dock', 'aria-label': t('dock.label') }, nothing, facts.element, place, bar);
  let row = null;
  let form = null; // the open one, and what it does

  async function send(action, of, body) {
    close();
    onLeave();
    const result = await act(action, renewed(of, store.state.alarms), body, session.role);
    if (result.ok) drafts.delete(draftOf(action, of));
    onDone(result);
  }

  const draftOf = (action, { key }) => `${action} ${key}`;

  function close() {
    form = null;
    place.replaceChildren();
  }

  // what became of the alarm while somebody was typing
  function meanwhile() {
    if (!form) return '';
    return row.left ? t('form.meanwhile', { state: memberState(row.lead) }) : whyNot(form.action, row, session.role) ?? '';
  }

  function start(action, withNote = false) {
    if (!row) return;
    const reason = whyNot(action, row, session.role);
    if (reason) { onDone({ ok: false, words: reason }); return; }
    // in a flood one press takes many alarms at once: it has to say why
    const mustNote = action === 'acknowledge' && row.children !== null;
    if (AT_ONCE.has(action) && !withNote && !mustNote) { send(action, row); return; }
    const of = row;
    const draft = draftOf(action, of);
    form = { action, ...actionForm(action, {
      user: session.user, now: () => store.state.wall, mustNote, typed: drafts.get(draft),
      onType: (values) => drafts.set(draft, values),
      onSend: (body) => send(action, of, body),
      onCancel: () => { drafts.delete(draft); close(); onLeave(); },
    }) };
    place.replaceChildren(form.element);
    form.element.querySelector('input, select').focus();
  }

  return {
    element,
    start,
    turnTo(chosen) {
      if (chosen?.key !== row?.key) close();
      this.show(chosen);
    },
    show(shown) {
      row = form ? renewed(row, store.state.alarms) : shown;
      form?.tell(meanwhile());
      nothing.hidden = Boolean(row);
      facts.element.hidden = bar.hidden = !row;
      if (!row) return;
      const plan = row.convoys.length === 1 ? store.state.plans.get(row.convoys[0]) : null;
      const { wall } = store.state;
      facts.show([row.key, plan, row.members.length, Math.floor(Date.parse(wall) / 10000), ...row.members.slice(0, MEMBERS_MAX)], () => describe(row, plan, wall));
      for (const [action, button] of Object.entries(buttons)) {
        mark(button, 'aria-disabled', String(targets(action, row).length === 0 || whyNot(action, row, session.role) !== null));
      }
    },
  };
}
