// Figures as people read them. Unknown is a dash, never 0.
import { numbers, t, whole } from './words.js';

export const UNKNOWN = '–';

const decimals = (value, digits) => numbers(digits).format(value);

const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);

/** Metres: `640 m`, `12,4 km`. */
export function metres(value) {
  if (!known(value)) return UNKNOWN;
  return Math.abs(value) < 1000 ? `${whole(value)} m` : `${decimals(value / 1000, 1)} km`;
}

/** A span of time in its two largest units: `45 dtk`, `3 mnt 20 dtk`, `2 j 05 mnt`. */
export function span(seconds) {
  if (!known(seconds)) return UNKNOWN;
  const rest = Math.max(0, Math.round(seconds));
  const [hour, minute, second] = [t('unit.hour'), t('unit.minute'), t('unit.second')];
  if (rest < 60) return `${rest} ${second}`;
  if (rest < 3600) return `${Math.floor(rest / 60)} ${minute} ${String(rest % 60).padStart(2, '0')} ${second}`;
  return `${whole(Math.floor(rest / 3600))} ${hour} ${String(Math.floor((rest % 3600) / 60)).padStart(2, '0')} ${minute}`;
}

/** A span in one unit, for tight places: `45 dtk`, `3 mnt`, `2 j`. */
export function brief(seconds) {
  if (!known(seconds)) return UNKNOWN;
  const rest = Math.max(0, Math.round(seconds));
  if (rest < 60) return `${rest} ${t('unit.second')}`;
  if (rest < 3600) return `${Math.floor(rest / 60)} ${t('unit.minute')}`;
  if (rest < 172800) return `${Math.floor(rest / 3600)} ${t('unit.hour')}`;
  return `${whole(Math.floor(rest / 86400))} ${t('unit.day')}`;
}

/** Metres a second as kilometres an hour, which is what a driver's dial says. */
export const speed = (mps) => (known(mps) ? `${whole(mps * 3.6)} ${t('unit.kmh')}` : UNKNOWN);

/** A share in per cent. */
export const percent = (value) => (known(value) ? `${decimals(value, value < 10 ? 1 : 0)} %` : UNKNOWN);

/** An alert's evidence in its own unit: metres, seconds, metres a second; anything else as it is. */
export function evidence(value, unit) {
  if (!known(value)) return UNKNOWN;
  if (unit === 'm') return metres(Math.abs(value)); // the sign says which side of the route
  if (unit === 's') return span(value);
  if (unit === 'm/s' || unit === 'mps') return speed(value);
  return `${decimals(value, 1)}${unit ? ` ${unit}` : ''}`;
}

/** A position to five decimals, about a metre, in two parts: tight places give each a line. */
export const position = (lat, lon) => (known(lat) && known(lon) ? [`${lat.toFixed(5)},`, lon.toFixed(5)] : [UNKNOWN]);
