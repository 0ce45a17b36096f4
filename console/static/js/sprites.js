// Symbols drawn straight onto the map's canvas. Each one's place is worked out anew for each frame, in the full precision
// that a shader has not, so nothing is laid out beforehand: what comes is seen in the next frame. https://maplibre.org/maplibre-gl-js/docs/API/interfaces/CustomLayerInterface/
import { LngLatBounds, MercatorCoordinate, Point } from '/vendor/maplibre-gl.mjs';
import { SYMBOL_SIZE } from './symbols.js';

const TILE_PX = 512;
// Symbols nearer than this, in px, lie on each other, and only the upper is drawn: fewer while drawing must be quick.
const NEAR_PX = 3;
const NEAR_SPARING_PX = 8;
const CROWD = 60; // of so many, what only adds to something is then left out
const TRIANGLES = [0, 1, 2, 2, 1, 3]; // of the corners
const FLOATS = 5; // of one corner: its place and where in the sheet, opacity
const MARGIN = 1.1; // a symbol is drawn as long as a part of it is in sight
const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in vec3 look;
out vec3 seen;
void main() {
  gl_Position = vec4(place, 0.0, 1.0);
  seen = look;
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D sheet;
in vec3 seen;
out vec4 colour;
void main() { colour = texture(sheet, seen.xy) * seen.z; }`;

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

function createPainter(gl, sheet) {
  const program = compile(gl);
  const array = gl.createVertexArray();
  const [vertices, order] = [gl.createBuffer(), gl.createBuffer()];
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, vertices);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, order);
  for (const [location, size, from] of [[0, 2, 0], [1, 3, 8]]) {
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, gl.FLOAT, false, FLOATS * 4, from);
  }
  gl.activeTexture(gl.TEXTURE0);
  const texture = sheet.upload(gl);
  let most = 0;

  return {
    draw(numbers, from) {
      const count = (numbers.length - from) / (4 * FLOATS);
      gl.useProgram(program);
      gl.bindVertexArray(array);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      if (count > most) {
        most = count;
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, Uint32Array.from({ length: 6 * most }, (_, i) => 4 * Math.floor(i / 6) + TRIANGLES[i % 6]), gl.STATIC_DRAW);
      }
      gl.bindBuffer(gl.ARRAY_BUFFER, vertices);
      gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STREAM_DRAW, from);
      gl.drawElements(gl.TRIANGLES, 6 * count, gl.UNSIGNED_INT, 0);
    },
    remove() {
      gl.deleteTexture(texture);
      gl.deleteBuffer(vertices);
      gl.deleteBuffer(order);
      gl.deleteVertexArray(array);
      gl.deleteProgram(program);
    },
  };
}

/** A mark's corners as the shader takes them, but that their places are px to the right and up from its own. */
function outline({ angle_deg, dx, dy, scale, opacity }, cell) {
  const [c, s] = [Math.cos((angle_deg * Math.PI) / 180), Math.sin((angle_deg * Math.PI) / 180)];
  return Float32Array.from(cell.flatMap(([right, down, u, v]) => {
    const [x, y] = [right * scale + dx, down * scale + dy];
    return [c * x - s * y, -s * x - c * y, u, v, opacity];
  }));
}

/**
 * A layer of MapLibre for the marks of marks.js. `scaleAt(zoom)` is how large they are; `pick({x, y}, reach)` gives the
 * properties of the one nearest to a place on the map, in px, and `drawn()` all marks that are in sight. After
 * `spare(true)` fewer are drawn.
 */
export function createSprites(id, sheet, scaleAt) {
  let map = null;
  let painter = null;
  let isSparing = false;
  let places = [];
  let numbers = new Float32Array(0);
  let seen = [];
  const looks = new Map();

  // those that stand for something: not an arrow or a ring
  const told = () => seen.filter(({ properties }) => properties);

  // those that look alike share theirs: to make thousands anew each second would leave much to be collected
  function cornersOf(mark) {
    const look = `${mark.icon} ${mark.angle_deg} ${mark.opacity}`;
    if (!looks.has(look)) looks.set(look, outline(mark, sheet.cells.get(mark.icon)));
    return looks.get(look);
  }

  // What is in sight as the shader takes it, written from the end: what lies on top comes last. Gives where it begins.
  function place(matrix, wide, high) {
    const size = (TILE_PX * 2 ** map.getZoom()) / (isSparing ? NEAR_SPARING_PX : NEAR_PX);
    const isBare = isSparing && places.length > CROWD;
    const taken = { symbols: new Set(), additions: new Set() };
    let at = numbers.length;
    seen = [];
    for (const { mark, x, y, corners } of places) {
      const w = matrix[3] * x + matrix[7] * y + matrix[15];
      const right = (matrix[0] * x + matrix[4] * y + matrix[12]) / w;
      const up = (matrix[1] * x + matrix[5] * y + matrix[13]) / w;
      if (Math.abs(right) > MARGIN || Math.abs(up) > MARGIN) continue;
      seen.push(mark);
      const here = Math.round(x * size) * 2 ** 26 + Math.round(y * size);
      const others = mark.isAddition ? taken.additions : taken.symbols;
      if (others.has(here) || (isBare && mark.isAddition)) continue;
      others.add(here);
      at -= 4 * FLOATS;
      numbers.set(corners, at);
      for (let i = at; i < at + 4 * FLOATS; i += FLOATS) {
        numbers[i] = right + numbers[i] * wide;
        numbers[i + 1] = up + numbers[i + 1] * high;
      }
    }
    return at;
  }

  return {
    id, type: 'custom', renderingMode: '2d',
    onAdd(to) { map = to; },
    onRemove() { painter?.remove(); painter = null; },
    render(gl, { defaultProjectionData: { mainMatrix } }) {
      painter ??= createPainter(gl, sheet);
      const pixel = 2 * scaleAt(map.getZoom()) * map.getPixelRatio();
      painter.draw(numbers, place(mainMatrix, pixel / gl.drawingBufferWidth, pixel / gl.drawingBufferHeight));
    },
    show(marks) {
      places = marks.toReversed().map((mark) => {
        const { x, y } = MercatorCoordinate.fromLngLat([mark.lon, mark.lat]);
        return { mark, x, y, corners: cornersOf(mark) };
      });
      numbers = new Float32Array(marks.length * 4 * FLOATS);
      map?.triggerRepaint();
    },
    spare(on) { isSparing = on; },
    drawn: told,
    pick(at, reach) {
      const scale = scaleAt(map.getZoom());
      const far = ({ lon, lat, dx, dy }) => map.project([lon, lat]).add(new Point(dx * scale, dy * scale)).dist(at);
      // asked at each movement of the pointer: few of thousands need be measured
      const aside = new Point(reach + SYMBOL_SIZE, -(reach + SYMBOL_SIZE));
      const around = new LngLatBounds(map.unproject(at.sub(aside)), map.unproject(at.add(aside)));
      const near = told().filter(({ lon, lat }) => around.contains([lon, lat]));
      const [nearest] = near.map((mark) => [far(mark), mark]).sort(([one], [other]) => one - other);
      return nearest && nearest[0] <= reach ? nearest[1].properties : null;
    },
  };
}
