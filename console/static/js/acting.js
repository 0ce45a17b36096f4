// What a person may do with a row, and how it is asked and answered.
import { api } from './api.js';
import { isUnacknowledged } from './order.js';
import { clock } from './time.js';
import { count, failure, knows, t } from './words.js';

export const SHELVE_MINUTES = [5, 15, 30, 60];
export const CLOSE_REASONS = ['resolved', 'authorised', 'false-alarm', 'device-fault', 'exercise', 'duplicate-report'];
// The server takes so many at once; a flood's row may hold more.
const IDS_MAX = 200;

// Which of a row's alarms an action is for.
const FITS = {
  acknowledge: isUnacknowledged,
  assign: (alarm) => !alarm.notification && alarm.state !== 'closed',
  shelve: (alarm) => alarm.severity !== 'critical' && alarm.state !== 'closed' && !alarm.shelved,
  unshelve: (alarm) => Boolean(alarm.shelved),
  note: (alarm) => alarm.state !== 'closed',
  close: (alarm) => alarm.state === 'gone-ack',
};

export const mayAct = (role) => role === 'operator' || role === 'supervisor';

/** Ids of the row's alarms that the action is for; empty when it fits none. */
export const targets = (action, row) => row.members.filter(FITS[action]).map((alarm) => alarm.alert_id);

/** Why an action cannot be done with this row, in words; null when it can. */
export function whyNot(action, row, role) {
  if (!mayAct(role)) return t('act.why.role');
  if (targets(action, row).length > 0) return null;
  const isAside = action === 'shelve' && !row.members.some(({ severity }) => severity === 'critical');
  const why = isAside ? 'shelved' : action;
  return t(`act.why.${why}`);
}

function refusal(result) {
  if (result.winner) return t('act.lost', { who: result.winner.actor, at: clock(result.winner.at, null) });
  return knows(`act.error.${result.error}`) ? t(`act.error.${result.error}`) : t('act.error.other', { error: failure(result.error) });
}

/**
 * Do it. The answer is `{ok, words}`: what to tell the person, whether all of it went through or others were first.
 */
export async function act(action, row, fields, role) {
  const refused = whyNot(action, row, role);
  if (refused) return { ok: false, words: refused };
  const ids = targets(action, row);
  const results = [];
  try {
    for (let i = 0; i < ids.length; i += IDS_MAX) {
      results.push(...(await api.act({ action, alert_ids: ids.slice(i, i + IDS_MAX), ...fields })).results);
    }
    const lost = results.find((result) => !result.ok);
    if (lost) return { ok: false, words: refusal(lost) };
    return { ok: true, words: count(`act.done.${action}`, ids.length) };
  } catch (error) {
    const first = error.body?.results?.find((result) => !result.ok);
    return { ok: false, words: refusal(first ?? { error: error.message ?? 'other' }) };
  }
}
