// What the kinds of sites look like: a filled picture each, told apart by its shape alone, standing on its place.
import { s } from './dom.js';

// In a box of 24 by 24 whose lower edge is the ground; where paths lie over each other there is a hole.
export const SITES = {
  TPS: 'M9 1h6v8H9zM3 10h18v13H3zM7 14h10v2.500H7z',
  PPS: 'M12 2 23 12h-3v11h-6v-8h-4v8H4V12H1z',
  PPK: 'M11 1h9l-2.500 2.750L20 6.500h-7v2L23 15h-3v8h-5v-5H9v5H4v-8H1l10-6.500z',
  KPU_KABKO: 'M12 2 23 8.500V11H1V8.500zM3.500 12.500h3.500V18H3.500zM10.250 12.500h3.500V18h-3.500zM17 12.500h3.500V18H17zM1 19.500h22V23H1z',
  KPU_PROV: 'M12 1a7 7 0 0 1 7 7h4v3H1V8h4a7 7 0 0 1 7-7zM3.500 12.500h3.500V18H3.500zM10.250 12.500h3.500V18h-3.500zM17 12.500h3.500V18H17zM1 19.500h22V23H1z',
  BAWASLU: 'M0 14c3.500-6 7.500-9 12-9s8.500 3 12 9c-3.500 6-7.500 9-12 9S3.500 20 0 14zM12 8.500a5.500 5.500 0 1 0 .01 0zM12 11.500a2.500 2.500 0 1 0 .01 0z',
  GUDANG: 'M0 9 12 3l12 6v14h-4V12H4v11H0zM6 14h12v3.500H6zM6 19.500h12V23H6z',
  POLSEK: 'M12 1 21.500 4.500V11c0 6-4 10-9.500 12.500C6.500 21 2.500 17 2.500 11V4.500zM12 4.500 6 6.800V11c0 4 2.500 6.500 6 8.500 3.500-2 6-4.500 6-8.500V6.800z',
  POLRES: 'M12 1 21.500 4.500V11c0 6-4 10-9.500 12.500C6.500 21 2.500 17 2.500 11V4.500zM12 5l1.700 4.600 4.900.2-3.800 3.100 1.300 4.700L12 14.900l-4.100 2.700 1.300-4.700-3.800-3.100 4.900-.2z',
  OTHER: 'M12 1a8 8 0 0 1 8 8c0 5-8 14.500-8 14.500S4 14 4 9a8 8 0 0 1 8-8zM12 6a3 3 0 1 0 .01 0z',
};

/** A site's picture for the map's key and the table. */
export const siteShape = (kind, size = 14) => s('svg', { viewBox: '0 0 24 24', width: size, height: size, class: 'site', 'aria-hidden': 'true' }, sitePath(kind));

/** The same `size` px wide, standing on the origin, for maps drawn as SVG. */
export const siteMark = (kind, size) => s('g', { class: 'site', transform: `translate(${-size / 2} ${-size}) scale(${size / 24})` }, sitePath(kind));

const sitePath = (kind) => s('path', { d: SITES[kind], 'fill-rule': 'evenodd' });
