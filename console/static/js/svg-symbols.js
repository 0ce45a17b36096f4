// The symbols of the WebGL map for one that is drawn as SVG: pictures about the origin, each by its name.
import { s } from './dom.js';
import { symbolColours, symbols, SYMBOL_SIZE } from './symbols.js';

const HALF = SYMBOL_SIZE / 2;
const idOf = (icon) => `symbol-${icon}`;

function addressOf(image) {
  const sheet = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
  sheet.getContext('2d').putImageData(image, 0, 0);
  return sheet.toDataURL();
}

/** What a picture's `defs` holds, in the theme in force. */
export const symbolImages = () => [...symbols(symbolColours())].map(([icon, image]) =>
  s('image', { id: idOf(icon), href: addressOf(image), x: -HALF, y: -HALF, width: SYMBOL_SIZE, height: SYMBOL_SIZE }));

/** A mark of marks.js about the origin; those of vehicles are `size` times as large on the whole. */
export const symbolMark = ({ icon, angle_deg: angle, dx, dy, scale, opacity }, size) =>
  s('use', { href: `#${idOf(icon)}`, opacity, transform: `scale(${size}) rotate(${angle}) translate(${dx} ${dy}) scale(${scale})` });
