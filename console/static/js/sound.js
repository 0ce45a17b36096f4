// Sounds: one tone a severity, and which alarm makes one. The tab that leads plays; the others stay quiet.
import { isListed, isShelved, isSuppressed, isUnacknowledged, SEVERITIES } from './order.js';

// [frequency in Hz, start in s, length in s]; each under 3 s.
const TONES = {
  critical: [[880, 0, 0.18], [660, 0.22, 0.18], [880, 0.44, 0.18], [660, 0.66, 0.18]],
  high: [[740, 0, 0.2], [740, 0.3, 0.2]],
  medium: [[560, 0, 0.25]],
};
// No slider of a page may make a critical alarm quieter than this.
const GAIN = { critical: 0.5, high: 0.3, medium: 0.2 };
export const REPEAT_MS = 3000;
export const MUTE_MS = 60000;
// Vehicles that halt together come within this; they are one alarm to the ear.
const TOGETHER_MS = 1200;

const standsAside = (alarm) => isShelved(alarm) || isSuppressed(alarm);

/** Whether an alarm tells of the past. A call for help never does: nobody has heard it yet. */
export const isPast = ({ alert }) => Boolean(alert.late) && alert.kind !== 'sos';

/** Whether an alarm's change from `before` (undefined: new) calls a person. What is told of the past does not. */
export function calls(before, alarm) {
  if (!isUnacknowledged(alarm) || standsAside(alarm) || isPast(alarm)) return false;
  if (!before || !isUnacknowledged(before) || standsAside(before)) return true;
  return SEVERITIES.indexOf(alarm.severity) < SEVERITIES.indexOf(before.severity);
}

/** Whether a flood already has an unacknowledged alarm of this kind: then a further one makes no sound of its own. */
export function isHeardInFlood(alarms, alarm) {
  if (alarm.severity === 'critical') return false;
  for (const other of alarms) {
    if (other.alert.kind === alarm.alert.kind && other.alert_id !== alarm.alert_id && isListed(other) && isUnacknowledged(other)) return true;
  }
  return false;
}

/**
 * The speaker. `state()` is `running`, `blocked` (the browser wants a gesture first) or `off`; `ask(severity)` sounds
 * soon, the worst of what was asked together; `repeat(wanted)` keeps the critical tone going until told otherwise.
 */
export function createSpeaker({ leads, isOn, onChange }) {
  const context = new AudioContext();
  context.addEventListener('statechange', onChange);
  let mutedUntil = 0;
  let asked = null;
  let repeatsAt = 0;
  let repeating = false;

  function play(severity) {
    if (!leads() || !isOn() || !(severity in TONES)) return;
    if (severity !== 'critical' && Date.now() < mutedUntil) return;
    sound(severity);
  }

  function sound(severity) {
    for (const [frequency, start, length] of TONES[severity]) {
      const tone = new OscillatorNode(context, { frequency, type: 'triangle' });
      const gain = new GainNode(context, { gain: GAIN[severity] });
      tone.connect(gain).connect(context.destination);
      tone.start(context.currentTime + start);
      tone.stop(context.currentTime + start + length);
    }
    document.dispatchEvent(new CustomEvent('kawal:sound', { detail: severity }));
  }

  function tick() {
    if (!repeating || Date.now() < repeatsAt) return;
    repeatsAt = Date.now() + REPEAT_MS - 100;
    play('critical');
  }
  setInterval(tick, 500);

  return {
    state: () => (isOn() ? (context.state === 'running' ? 'running' : 'blocked') : 'off'),
    unblock: () => context.resume(),
    // in whichever tab it is pressed: what is tested is the machine
    test: () => context.resume().then(() => sound('high')),
    ask(severity) {
      if (asked === null) setTimeout(() => { play(asked); asked = null; }, TOGETHER_MS);
      if (asked === null || SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(asked)) asked = severity;
    },
    repeat(wanted) {
      if (wanted && !repeating) repeatsAt = Date.now() + REPEAT_MS;
      repeating = wanted;
    },
    mute() { mutedUntil = Date.now() + MUTE_MS; onChange(); },
    isMuted: () => Date.now() < mutedUntil,
  };
}
