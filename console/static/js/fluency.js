// A map that moves fluently on a machine without a GPU too, where each pixel and each corner of a symbol costs the processor.

// Slower than this looks like jumps. A map that is drawn by a GPU takes a tenth of it.
const SLOW_MS = 40;
const FRAMES = 4;
const COARSE = 0.5;
// A wheel turns in steps: the map is not made fine between two of them.
const REST_MS = 250;
// What draws where there is no GPU; a browser that hides it is found slow by its frames.
const BY_PROCESSOR = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether the processor draws: then the first movement need not be slow to find it out. */
function isDrawnByProcessor(canvas) {
  const gl = canvas.getContext('webgl2');
  const named = gl?.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL;
  return BY_PROCESSOR.test(gl?.getParameter(named ?? gl.RENDERER) ?? '');
}

/** Draw `map` coarser while it moves, if it is slow, and fine again when it stands; `onChange(isCoarse)` may leave more out. */
export function keepFluent(map, onChange) {
  let frames = [];
  let isSlow = isDrawnByProcessor(map.getCanvas());
  let isCoarse = false;
  let isChanging = false; // to resize counts as a movement
  let timer = null;

  function draw(coarse) {
    if (coarse === isCoarse) return;
    isCoarse = coarse;
    isChanging = true;
    map.setPixelRatio(coarse ? COARSE * devicePixelRatio : null);
    isChanging = false;
    onChange(coarse);
  }

  map.on('movestart', () => {
    if (isChanging) return;
    clearTimeout(timer);
    frames = [];
    if (isSlow) draw(true);
  });
  map.on('render', () => {
    if (isSlow || !map.isMoving()) return;
    frames.push(performance.now());
    isSlow = frames.length > FRAMES && (frames.at(-1) - frames.at(-1 - FRAMES)) / FRAMES > SLOW_MS;
    // not within the frame that is being drawn
    if (isSlow) setTimeout(() => { if (map.isMoving()) draw(true); });
  });
  map.on('moveend', () => {
    if (isChanging) return;
    clearTimeout(timer);
    timer = setTimeout(draw, REST_MS, false);
  });
  map.on('remove', () => clearTimeout(timer));
}
