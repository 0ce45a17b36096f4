// Which alarms make one row, and in which order rows stand. Pure.

export const SEVERITIES = ['critical', 'high', 'medium', 'low'];
const rank = (severity) => SEVERITIES.indexOf(severity);

export const isUnacknowledged = (alarm) => !alarm.notification && alarm.state.endsWith('-unack');
export const isClosed = (alarm) => alarm.state === 'closed';
export const isShelved = (alarm) => alarm.shelved !== null && alarm.shelved !== undefined;
export const isSuppressed = (alarm) => alarm.suppressed !== null && alarm.suppressed !== undefined;

/** Whether it belongs in the list: open, not put aside. A notification leaves when its condition does. */
export function isListed(alarm) {
  if (isClosed(alarm) || isShelved(alarm) || isSuppressed(alarm)) return false;
  return !(alarm.notification && alarm.condition === 'gone');
}

/** How urgent a person is needed: 0 nobody has it, 1 somebody has, 2 over and to be closed, 3 for information. */
function standing(alarm) {
  if (alarm.notification) return 3;
  if (isUnacknowledged(alarm)) return 0;
  return alarm.state === 'active-ack' ? 1 : 2;
}

// All that is compared is plain ASCII; localeCompare takes twenty times as long, which in a flood is felt.
const byText = (a, b) => (a < b ? -1 : Number(a > b));

// Unacknowledged first, worst first, oldest first: what has waited longest is never pushed down by news.
function before(a, b) {
  return standing(a) - standing(b) || rank(a.severity) - rank(b.severity)
    || byText(a.raised_at, b.raised_at) || byText(a.alert_id, b.alert_id);
}

function makeRow(key, alarms) {
  const members = alarms.sort(before);
  const lead = members[0];
  return {
    key, members, lead, kind: lead.alert.kind, severity: lead.severity, standing: standing(lead),
    convoys: [...new Set(members.map((alarm) => alarm.alert.convoy_id))],
    oldest: members.reduce((first, alarm) => (alarm.raised_at < first ? alarm.raised_at : first), lead.raised_at),
    children: null,
  };
}

/** The same row with its alarms as they are now, wherever they would stand: `left` where none of them is in the list any more. */
export function renewed(row, alarms) {
  const members = row.members.map((alarm) => alarms.get(alarm.alert_id) ?? alarm);
  return { ...row, ...makeRow(row.key, members), children: row.children, left: !members.some(isListed) };
}

function gather(alarms, keyOf) {
  const groups = new Map();
  for (const alarm of alarms) {
    const key = keyOf(alarm);
    if (groups.has(key)) groups.get(key).push(alarm);
    else groups.set(key, [alarm]);
  }
  return groups;
}

const byLead = (a, b) => before(a.lead, b.lead);

/** Rows of alarms, one a convoy and kind. */
export function rowsOf(alarms) {
  const groups = gather(alarms, (alarm) => alarm.group);
  return [...groups].map(([key, members]) => makeRow(key, members)).sort(byLead);
}

/**
 * Rows in a flood: critical and acknowledged ones as ever, the rest one row a kind which holds its rows as `children`.
 * Nothing is dropped: an opened flood row is followed by its children.
 */
export function floodRows(alarms, opened) {
  const single = (alarm) => alarm.severity === 'critical' || standing(alarm) === 1;
  const flooded = gather(alarms.filter((alarm) => !single(alarm)), (alarm) => alarm.alert.kind);
  const rows = rowsOf(alarms.filter(single));
  for (const [kind, members] of flooded) {
    const children = rowsOf(members).map((row) => ({ ...row, key: `in-flood|${row.key}`, child: true }));
    rows.push(children.length === 1 ? { ...children[0], child: false } : { ...makeRow(`flood|${kind}`, members), children });
  }
  return rows.sort(byLead).flatMap((row) => (row.children && opened.has(row.key) ? [row, ...row.children] : [row]));
}

/** Whether an alarm's row answers to what a person searches: convoy, vehicle, kind in words, message. */
export function matches(row, wanted, wordsOf) {
  const text = wanted.trim().toLowerCase();
  return text === '' || row.members.some((alarm) => wordsOf(alarm).toLowerCase().includes(text));
}
