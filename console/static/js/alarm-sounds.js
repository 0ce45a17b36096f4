// From the store's changes to the speaker.
import { isListed, isUnacknowledged, SEVERITIES } from './order.js';
import { calls, isHeardInFlood, isPast } from './sound.js';

const isCalling = (alarm) => isListed(alarm) && isUnacknowledged(alarm) && !isPast(alarm);

/** Sound what calls a person; keep critical going until somebody has it. Returns how to stop. */
export function soundAlarms(store, speaker) {
  const { state } = store;

  function onAlert(before, alarm) {
    if (!calls(before, alarm)) return;
    if (state.heartbeat?.flood?.active && isHeardInFlood(state.alarms.values(), alarm)) return;
    speaker.ask(alarm.severity);
  }

  // A first or a new picture: one sound for the worst of what was not known, however much came meanwhile.
  function onSnapshot(known) {
    const news = [...state.alarms.values()].filter((alarm) => calls(known.get(alarm.alert_id), alarm));
    const worst = SEVERITIES.find((severity) => news.some((alarm) => alarm.severity === severity));
    if (worst) speaker.ask(worst);
  }

  let checking = false;
  function judgeCritical() {
    checking = false;
    speaker.repeat([...state.alarms.values()].some((alarm) => alarm.severity === 'critical' && isCalling(alarm)));
  }

  return store.listen(({ event, data, before, known, touched }) => {
    if (event === 'alert') onAlert(before, data);
    if (event === 'snapshot') onSnapshot(known);
    if (touched.includes('alarms') && !checking) {
      checking = true;
      setTimeout(judgeCritical); // once for all events of a burst
    }
  });
}
