// The symbols side by side in one picture, from which a graphics card draws them.
import { SYMBOL_RATIO, SYMBOL_SIZE } from './symbols.js';

const COLUMNS = 8;
const FINE = SYMBOL_SIZE * SYMBOL_RATIO;

// The box [left, top, right, bottom] outside of which a symbol is empty: what is not there need not be drawn.
function boxOf({ data, width, height }) {
  const box = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[4 * (y * width + x) + 3] === 0) continue;
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x + 1);
      box[3] = Math.max(box[3], y + 1);
    }
  }
  return box;
}

/**
 * `cells` has for each symbol, by its name, the corners of what is not empty: `[right, down, u, v]`, in px from its middle and
 * as a part [0, 1] of the sheet. `upload(gl)` makes it a texture, and gives it.
 */
export function createSheet(symbols) {
  const all = [...symbols];
  const [width, height] = [COLUMNS * FINE, Math.ceil(all.length / COLUMNS) * FINE];
  const placed = all.map(([name, image], i) => ({ name, image, left: (i % COLUMNS) * FINE, top: Math.floor(i / COLUMNS) * FINE }));
  const corners = ({ image, left, top }) => {
    const [west, north, east, south] = boxOf(image);
    return [[west, north], [east, north], [west, south], [east, south]]
      .map(([x, y]) => [x / SYMBOL_RATIO - SYMBOL_SIZE / 2, y / SYMBOL_RATIO - SYMBOL_SIZE / 2, (left + x) / width, (top + y) / height]);
  };

  return {
    cells: new Map(placed.map((one) => [one.name, corners(one)])),
    upload(gl) {
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 4, gl.RGBA8, width, height);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
      for (const { image, left, top } of placed) gl.texSubImage2D(gl.TEXTURE_2D, 0, left, top, gl.RGBA, gl.UNSIGNED_BYTE, image);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_NEAREST);
      return texture;
    },
  };
}
