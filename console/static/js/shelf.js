// What is put aside: shelved by a person or suppressed by a rule. Counted always, hidden never.
import { act, whyNot } from './acting.js';
import { h, partOfObjects } from './dom.js';
import { isClosed, isShelved, isSuppressed, rowsOf } from './order.js';
import { severityShape } from './shapes.js';
import { clock } from './time.js';
import { count, said, t } from './words.js';

/** The shelf under the list: a summary that opens. `show()` at each change. */
export function createShelf({ store, session, onDone }) {
  const summary = h('summary', {});
  const lines = partOfObjects(h('div', { class: 'shelf-lines' }));
  const element = h('details', { class: 'shelf' }, summary, lines.element);

  function line(row) {
    const { lead } = row;
    const plan = store.state.plans.get(row.convoys[0]);
    const why = lead.shelved
      ? t('shelf.until', { at: clock(lead.shelved.until, plan), who: lead.shelved.actor, reason: lead.shelved.reason })
      : t('state.suppressed', { rule: t(`rule.${lead.suppressed.rule}`) });
    const refused = whyNot('unshelve', row, session.role);
    return h('div', { class: 'shelf-line' }, severityShape(row.severity),
      h('span', { class: 'shelf-text' }, h('b', {}, t(`kind.${row.kind}`)), ` ${row.convoys[0]} `, said(lead.alert.message),
        h('small', {}, why)),
      refused ? null : h('button', { type: 'button', 'data-key': row.key, onclick: async () => onDone(await act('unshelve', row, {}, session.role)) }, t('act.unshelve')));
  }

  // a line that had the focus and is no more leaves it to its row, which is back in the list, or to whatever the list has
  function giveFocusBack(key) {
    if (key === undefined || lines.element.contains(document.activeElement)) return;
    const again = [...lines.element.querySelectorAll('button')].find((button) => button.dataset.key === key);
    if (again) { again.focus(); return; }
    const rows = [...document.querySelectorAll('[role=option]')];
    const back = rows.find((row) => row.dataset.key === key);
    if (back) back.click();
    else rows.find((row) => row.tabIndex === 0)?.focus();
  }

  return {
    element,
    show() {
      const focused = lines.element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
      const aside = [...store.state.alarms.values()].filter((alarm) => !isClosed(alarm) && (isShelved(alarm) || isSuppressed(alarm)));
      const shelved = aside.filter(isShelved).length;
      const words = `${count('shelf.shelved', shelved)} · ${count('shelf.suppressed', aside.length - shelved)}`;
      if (summary.textContent !== words) summary.textContent = words;
      element.hidden = aside.length === 0;
      lines.show(aside, () => rowsOf(aside).map(line));
      giveFocusBack(focused);
    },
  };
}
