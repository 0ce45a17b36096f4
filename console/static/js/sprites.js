// Symbols drawn straight onto the map's canvas. Each one's place is worked out anew for each frame, in the full precision
// that a shader has not, so nothing is laid out beforehand: what comes is seen in the next frame, and thousands cost less
// than a millisecond. https://maplibre.org/maplibre-gl-js/docs/API/interfaces/CustomLayerInterface/
import { MercatorCoordinate, Point } from '/vendor/maplibre-gl.mjs';
import { symbolColours, symbols, SYMBOL_RATIO, SYMBOL_SIZE } from './symbols.js';

const COLUMNS = 8;
const FLOATS = 8; // of one symbol: its place [-1, 1], cell and angle; offset in px, scale, opacity
const MARGIN = 1.1; // a symbol is drawn as long as a part of it is in sight
const VERTEX = `#version 300 es
layout(location = 0) in vec4 place;
layout(location = 1) in vec4 look;
uniform vec2 pixel;
uniform vec2 cells;
uniform float size;
out vec2 at;
out float opacity;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 here = (corner - 0.5) * size * look.z + look.xy;
  float c = cos(place.w), s = sin(place.w);
  gl_Position = vec4(place.xy + mat2(c, s, -s, c) * here * pixel, 0.0, 1.0);
  at = (vec2(mod(place.z, cells.x), floor(place.z / cells.x)) + corner) / cells;
  opacity = look.w;
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D sheet;
in vec2 at;
in float opacity;
out vec4 colour;
void main() { colour = texture(sheet, at) * opacity; }`;

function compile(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`symbols cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  return program;
}

/** All symbols side by side in a texture; gives it, the cell of each by its name, and how many columns and rows there are. */
function drawSheet(gl) {
  const all = [...symbols(symbolColours())];
  const [width, height] = [COLUMNS, Math.ceil(all.length / COLUMNS)];
  const fine = SYMBOL_SIZE * SYMBOL_RATIO;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 4, gl.RGBA8, width * fine, height * fine);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
  all.forEach(([, image], i) => gl.texSubImage2D(gl.TEXTURE_2D, 0, (i % width) * fine, Math.floor(i / width) * fine, gl.RGBA, gl.UNSIGNED_BYTE, image));
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  return { texture, cells: new Map(all.map(([name], i) => [name, i])), width, height };
}

function createPainter(gl) {
  const program = compile(gl);
  const uniform = (name) => gl.getUniformLocation(program, name);
  const [pixel, cells, size] = ['pixel', 'cells', 'size'].map(uniform);
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  for (const location of [0, 1]) {
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, 4, gl.FLOAT, false, FLOATS * 4, location * 16);
    gl.vertexAttribDivisor(location, 1);
  }
  gl.activeTexture(gl.TEXTURE0);
  const sheet = drawSheet(gl);

  return {
    cells: sheet.cells,
    draw(numbers, count, pixelRatio, scale) {
      gl.useProgram(program);
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STREAM_DRAW, 0, count * FLOATS);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, sheet.texture);
      gl.uniform2f(pixel, (2 * scale * pixelRatio) / gl.drawingBufferWidth, (-2 * scale * pixelRatio) / gl.drawingBufferHeight);
      gl.uniform2f(cells, sheet.width, sheet.height);
      gl.uniform1f(size, SYMBOL_SIZE);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    },
    remove() {
      gl.deleteTexture(sheet.texture);
      gl.deleteBuffer(buffer);
      gl.deleteVertexArray(array);
      gl.deleteProgram(program);
    },
  };
}

/**
 * A layer of MapLibre for the marks of marks.js. `scaleAt(zoom)` is how large they are; `pick({x, y}, reach)` gives the
 * properties of the one nearest to a place on the map, in px, and `drawn()` all marks that are in sight.
 */
export function createSprites(id, scaleAt) {
  let map = null;
  let painter = null;
  let marks = [];
  let places = [];
  let numbers = new Float32Array(0);
  let seen = [];

  // those that stand for something: rings and arrows only add to one
  const told = () => seen.filter(({ properties }) => properties);

  // what is in sight, as the shader takes it
  function place(matrix) {
    seen = [];
    marks.forEach((mark, i) => {
      const { x, y } = places[i];
      const w = matrix[3] * x + matrix[7] * y + matrix[15];
      const right = (matrix[0] * x + matrix[4] * y + matrix[12]) / w;
      const up = (matrix[1] * x + matrix[5] * y + matrix[13]) / w;
      if (Math.abs(right) > MARGIN || Math.abs(up) > MARGIN) return;
      const cell = painter.cells.get(mark.icon);
      numbers.set([right, up, cell, (mark.angle_deg * Math.PI) / 180, mark.dx, mark.dy, mark.scale, mark.opacity], seen.length * FLOATS);
      seen.push(mark);
    });
  }

  return {
    id, type: 'custom', renderingMode: '2d',
    onAdd(to) { map = to; },
    onRemove() { painter?.remove(); painter = null; },
    render(gl, { defaultProjectionData: { mainMatrix } }) {
      if (marks.length === 0) { seen = []; return; }
      painter ??= createPainter(gl);
      place(mainMatrix);
      painter.draw(numbers, seen.length, map.getPixelRatio(), scaleAt(map.getZoom()));
    },
    show(next) {
      marks = next;
      places = marks.map(({ lon, lat }) => MercatorCoordinate.fromLngLat([lon, lat]));
      numbers = new Float32Array(marks.length * FLOATS);
      map?.triggerRepaint();
    },
    drawn: told,
    pick(at, reach) {
      const scale = scaleAt(map.getZoom());
      const far = ({ lon, lat, dx, dy }) => map.project([lon, lat]).add(new Point(dx * scale, dy * scale)).dist(at);
      const [nearest] = told().map((mark) => [far(mark), mark]).sort(([one], [other]) => one - other);
      return nearest && nearest[0] <= reach ? nearest[1].properties : null;
    },
  };
}
