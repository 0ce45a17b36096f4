// What an alarm, a link and a role look like: a shape and words, and only then a colour.
import { s } from './dom.js';

const SEVERITY = {
  critical: 'M7 1h10l6 6v10l-6 6H7l-6-6V7z',
  high: 'M12 1.500 23.500 22H.5z',
  medium: 'M12 .5 23.500 12 12 23.500 .5 12z',
  low: 'M12 2a10 10 0 1 0 .01 0z',
};
const SIGN = { critical: '!!', high: '!', medium: '·', low: 'i' };

/** Octagon, triangle, diamond or circle, with a sign in it. */
export function severityShape(severity, size = 18) {
  return s('svg', { viewBox: '0 0 24 24', width: size, height: size, class: `shape ${severity}`, 'aria-hidden': 'true' },
    s('path', { d: SEVERITY[severity] ?? SEVERITY.low }),
    s('text', { x: 12, y: severity === 'high' ? 19.500 : 17, 'text-anchor': 'middle' }, SIGN[severity] ?? ''));
}

/** Outline of a severity's shape about the origin, `size` px wide, for charts and maps drawn as SVG. */
export function severityMark(severity, size) {
  const scale = size / 24;
  return s('path', { d: SEVERITY[severity] ?? SEVERITY.low, class: `shape-path ${severity}`, transform: `translate(${-size / 2} ${-size / 2}) scale(${scale})` });
}
