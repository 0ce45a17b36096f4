// Which page an address shows.
import { createAudit } from './audit.js';
import { createConvoyPage } from './convoy-page.js';
import { createPlayback } from './playback.js';
import { createQuality } from './quality.js';
import { createReport } from './report.js';
import { createRoom } from './room.js';

const MAKERS = { room: createRoom, convoy: createConvoyPage, playback: createPlayback, quality: createQuality, report: createReport, audit: createAudit };

/** `{name, id}` of an address such as `#/convoy/BTG-01`; what no page has is the room. */
export function pageOf(hash) {
  const [name, id] = hash.replace(/^#\/?/, '').split('/');
  if (name === 'convoy' && id) return { name, id: decodeURIComponent(id) };
  return { name: name in MAKERS && name !== 'convoy' ? name : 'room', id: null };
}

/** Make the page of an address. */
export const makePage = ({ name, id }, world) => MAKERS[name]({ ...world, id });
