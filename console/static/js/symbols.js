// The map's symbols, drawn on a canvas: role by outline, mode by picture, link by pattern, severity by shape.
import { SITES } from './site-shapes.js';

export const SYMBOL_SIZE = 30; // px
export const SYMBOL_RATIO = 2; // they are drawn so many times as fine as they are shown

const MODES = {
  truck: ['M7 11h9v8H7z', 'M17 13h3.500l2.500 3v3h-6z', 'M10 18.500a2 2 0 1 0 .1 0z', 'M19 18.500a2 2 0 1 0 .1 0z'],
  car: ['M7 16l2-4.500h11l3 4.500v3.500H7z', 'M10.500 18.500a2 2 0 1 0 .1 0z', 'M19.500 18.500a2 2 0 1 0 .1 0z'],
  motorcycle: ['M9 15.500a3 3 0 1 0 .1 0z', 'M21 15.500a3 3 0 1 0 .1 0z', 'M9 17.500l4-5h4l4 6h-3l-2-3-3 3z'],
  boat: ['M7 17h16l-3 5H10z', 'M14 8h2v8h-2z', 'M17 9l5 6h-5z'],
  other: ['M15 10a5 5 0 1 0 .1 0z'],
};
const ALARMS = {
  critical: 'M10 3h10l7 7v10l-7 7H10l-7-7V10z', high: 'M15 3 28 26H2z', medium: 'M15 2 28 15 15 28 2 15z', low: 'M15 3a12 12 0 1 0 .1 0z',
};

function canvas(draw) {
  const sheet = document.createElement('canvas');
  sheet.width = sheet.height = SYMBOL_SIZE * SYMBOL_RATIO;
  const pen = sheet.getContext('2d');
  pen.scale(SYMBOL_RATIO, SYMBOL_RATIO);
  draw(pen);
  return pen.getImageData(0, 0, SYMBOL_SIZE * SYMBOL_RATIO, SYMBOL_SIZE * SYMBOL_RATIO);
}

function outline(role) {
  const path = new Path2D();
  if (role === 'escort') path.arc(15, 15, 12.5, 0, 7);
  else path.roundRect(3, 3, 24, 24, 5);
  return path;
}

// live is filled; late has a dashed edge; stale is hatched; lost is hollow and crossed: no colour is needed to tell them.
function drawVehicle(pen, mode, role, link, colours) {
  const shape = outline(role);
  const tone = colours[role];
  pen.lineWidth = 2;
  pen.fillStyle = link === 'live' || link === 'late' ? tone : colours.back;
  pen.fill(shape);
  if (link === 'stale') {
    pen.save();
    pen.clip(shape);
    pen.strokeStyle = tone;
    pen.globalAlpha = 0.55;
    for (let x = -30; x < 30; x += 5) { pen.beginPath(); pen.moveTo(x, 30); pen.lineTo(x + 30, 0); pen.stroke(); }
    pen.restore();
  }
  pen.strokeStyle = link === 'live' ? colours.edge : tone;
  pen.setLineDash(link === 'live' ? [] : [4, 2.5]);
  if (link === 'late') pen.strokeStyle = colours.warn;
  pen.stroke(shape);
  pen.setLineDash([]);
  pen.fillStyle = link === 'live' || link === 'late' ? colours.ink : tone;
  for (const path of MODES[mode]) pen.fill(new Path2D(path));
  if (link === 'lost') {
    pen.strokeStyle = colours.critical;
    pen.lineWidth = 3;
    pen.stroke(new Path2D('M6 6l18 18M24 6 6 24'));
  }
}

function drawAlarm(pen, severity, colours) {
  const shape = new Path2D(ALARMS[severity]);
  pen.fillStyle = colours[severity];
  pen.fill(shape);
  pen.strokeStyle = colours.edge;
  pen.lineWidth = 2;
  pen.stroke(shape);
  pen.fillStyle = colours.onAlarm;
  pen.font = 'bold 15px sans-serif';
  pen.textAlign = 'center';
  pen.fillText({ critical: '!!', high: '!', medium: '·', low: 'i' }[severity], 15, severity === 'high' ? 23 : 20.5);
}

function drawRing(pen, severity, colours) {
  pen.strokeStyle = colours[severity];
  pen.lineWidth = 1.7;
  pen.beginPath();
  pen.arc(15, 15, 13.4, 0, 7);
  pen.stroke();
}

function drawPlace(pen, kind, colours) {
  pen.fillStyle = kind === 'stop' ? colours.stop : colours.back;
  pen.strokeStyle = kind === 'stop' ? colours.stop : colours.route;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(15, 15, kind === 'end' ? 7 : 5.5, 0, 7);
  pen.fill();
  pen.stroke();
}

// in the colour of quiet words: what stands must not draw the eye off what moves
function drawSite(pen, kind, colours) {
  const shape = new Path2D(SITES[kind]);
  pen.translate(3, 5);
  pen.strokeStyle = colours.back;
  pen.lineWidth = 4;
  pen.lineJoin = 'round';
  pen.stroke(shape);
  pen.fillStyle = colours.site;
  pen.fill(shape, 'evenodd');
}

function drawHeading(pen, colours) {
  pen.fillStyle = colours.heading;
  pen.strokeStyle = colours.back;
  pen.lineWidth = 1;
  const arrow = new Path2D('M15 7 20.500 17 15 14.500 9.500 17z');
  pen.fill(arrow);
  pen.stroke(arrow);
}

/** The symbols' colours in the theme in force, from the style sheet. */
export function symbolColours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    cargo: colour('cargo'), escort: colour('escort'), back: colour('sea'), edge: colour('symbol-edge'), ink: colour('symbol-ink'),
    warn: colour('medium'), heading: colour('text'), site: colour('dim'), route: colour('route'), stop: colour('stop'), onAlarm: colour('on-alarm'),
    critical: colour('critical'), high: colour('high'), medium: colour('medium'), low: colour('low'),
  };
}

/** The symbols of vehicles, alarms and the places of plans as `[name, ImageData]`. */
export function* symbols(colours) {
  for (const mode of Object.keys(MODES)) {
    for (const role of ['cargo', 'escort']) {
      for (const link of ['live', 'late', 'stale', 'lost']) {
        yield [`${mode}-${role}-${link}`, canvas((pen) => drawVehicle(pen, mode, role, link, colours))];
      }
    }
  }
  for (const severity of Object.keys(ALARMS)) {
    yield [`alarm-${severity}`, canvas((pen) => drawAlarm(pen, severity, colours))];
    yield [`ring-${severity}`, canvas((pen) => drawRing(pen, severity, colours))];
  }
  for (const kind of ['checkpoint', 'stop', 'end']) yield [`place-${kind}`, canvas((pen) => drawPlace(pen, kind, colours))];
  yield ['heading', canvas((pen) => drawHeading(pen, colours))];
}

/** Those of sites. */
export function* siteSymbols(colours) {
  for (const kind of Object.keys(SITES)) yield [`site-${kind}`, canvas((pen) => drawSite(pen, kind, colours))];
}
