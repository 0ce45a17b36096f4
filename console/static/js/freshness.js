// Whether what the page shows is still true. Pure: silence is never taken for safety.

export const OLD_AFTER_S = 5;
export const VERY_OLD_AFTER_S = 30;
const TICK_OLD_S = 6;

/**
 * `{level, cause}`: level `ok`, `old` or `very-old`. `silent_s` is how long the server was not heard; `beat` its last
 * heartbeat, which may itself say that the worker or the broker is not there.
 */
export function judge(silent_s, beat) {
  if (silent_s >= OLD_AFTER_S) return { level: silent_s >= VERY_OLD_AFTER_S ? 'very-old' : 'old', cause: 'no-server', age_s: silent_s };
  if (!beat) return { level: 'ok', cause: null, age_s: 0 };
  const tick_s = beat.tick_age_s ?? null;
  if (beat.state === 'ok' && (tick_s === null || tick_s < TICK_OLD_S)) return { level: 'ok', cause: null, age_s: tick_s };
  const cause = beat.cause ?? 'no-commit';
  return { level: tick_s !== null && tick_s >= VERY_OLD_AFTER_S ? 'very-old' : 'old', cause, age_s: tick_s };
}
