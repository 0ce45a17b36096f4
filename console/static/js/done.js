// What people did with alarms, in words; what was refused is struck out and says who was first.
import { h } from './dom.js';
import { known, t } from './words.js';

/** What was done: the words, struck out where it changed nothing. */
export function did({ action, refused }) {
  const words = known(`did.${action}`, action);
  return refused ? h('s', {}, words) : words;
}

/** Why an action changed nothing; null where it did change something. */
export function refusalOf({ refused }) {
  if (!refused) return null;
  if (refused.winner) return t('refused.first', { who: refused.winner.actor });
  return known(`refused.${refused.error}`, t('refused.other'));
}

/** The reason given with an action: a code's words, or what somebody wrote. */
export const reasonOf = ({ reason }) => (reason ? known(`close.${reason}`, reason) : null);
