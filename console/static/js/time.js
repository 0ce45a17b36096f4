// Instants as people read them: always with the zone's name. The wire is UTC; nothing shown is ever parsed again.
import { spoken } from './words.js';

/** What the zone switch offers; `plan` is the district's own time. */
export const ZONES = ['plan', 'Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura'];
const NAMES = { 'Asia/Jakarta': 'WIB', 'Asia/Pontianak': 'WIB', 'Asia/Makassar': 'WITA', 'Asia/Jayapura': 'WIT' };

let chosen = 'plan';
// What stands for a plan's zone where no plan is at hand: the zone of most plans.
let district = 'Asia/Makassar';
const formats = new Map();
const MINUTE_MS = 60000;
const MINUTES_KEPT = 2000;
const minutes = new Map();

/** Choose a zone of ZONES. */
export const chooseZone = (zone) => { chosen = ZONES.includes(zone) ? zone : 'plan'; };

/** Tell the zone of the plans, for times that belong to no single one. */
export const districtZone = (zone) => { district = zone; };

/** The zone in which something of this plan (null: of all) is shown, by the switch or by `choice`. */
export const zoneOf = (plan, choice = chosen) => (choice === 'plan' ? plan?.timezone ?? district : choice);

// Intl takes long, and most of what a page shows lies in a few minutes: each is asked for once. No zone is off by seconds.
function parts(instant, zone) {
  const minute = Math.floor(instant / MINUTE_MS);
  const key = `${zone} ${minute}`;
  if (minutes.size > MINUTES_KEPT) minutes.clear();
  if (!minutes.has(key)) minutes.set(key, partsOfMinute(new Date(minute * MINUTE_MS), zone));
  return { ...minutes.get(key), second: String(new Date(instant).getUTCSeconds()).padStart(2, '0') };
}

function partsOfMinute(instant, zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit',
      minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset',
    }));
  }
  return Object.fromEntries(formats.get(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
}

/** `WITA`, or `UTC+08:00` outside Indonesia. Intl writes GMT+8 for English, hence our own names. */
export function zoneName(zone, instant = new Date()) {
  return NAMES[zone] ?? parts(instant, zone).timeZoneName.replace('GMT', 'UTC');
}

const mark = () => (spoken() === 'id' ? '.' : ':');

/** `13.02.11 WITA`; with `seconds: false` `13.02 WITA`. `at` is RFC 3339 text, a Date or milliseconds. */
export function clock(at, plan, { seconds = true, suffix = true } = {}) {
  if (at === null || at === undefined) return '–';
  const instant = new Date(at);
  const zone = zoneOf(plan);
  const { hour, minute, second } = parts(instant, zone);
  const time = [hour, minute, ...(seconds ? [second] : [])].join(mark());
  return suffix ? `${time} ${zoneName(zone, instant)}` : time;
}

/** The day and the time: `27/11/2024 13.02.11 WITA`. */
export function stamp(at, plan) {
  if (at === null || at === undefined) return '–';
  const { day, month, year } = parts(new Date(at), zoneOf(plan));
  return `${day}/${month}/${year} ${clock(at, plan)}`;
}

/** What the server can look up lies between these: limits of `datetime-local` fields. */
export const FIRST_DAY = '1970-01-02T00:00';
export const LAST_DAY = '2999-12-30T00:00';

/** Value of a `datetime-local` field (to the minute) for an instant, in the zone shown. */
export function fieldValue(at) {
  const { day, month, year, hour, minute } = parts(new Date(at), zoneOf(null));
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** The instant of a `datetime-local` field read in the zone shown, as a Date; null when it is empty. */
export function fieldInstant(value) {
  if (!value) return null;
  const guess = new Date(`${value}:00Z`);
  const [, sign, hours, minutes] = parts(guess, zoneOf(null)).timeZoneName.match(/([+-])(\d+):?(\d+)?/) ?? [0, '+', 0, 0];
  return new Date(guess - (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60000);
}

/** Seconds from one instant to another. */
export const secondsBetween = (from, to) => (new Date(to) - new Date(from)) / 1000;
