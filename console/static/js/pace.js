// Drawing at a pace that leaves the page to who uses it.

// Of all time a page may draw a quarter; the rest is left to key presses and the pointer.
const REST = 3;

/**
 * `soon()` draws once in the next frame, however often it is called before; after a drawing that took long the next one
 * waits three times as long. A page that is not seen has no frames, and is drawn when it is seen again.
 */
export function createPace(draw) {
  let waiting = false;
  let free = 0;
  let stopped = false;

  function run() {
    waiting = false;
    if (stopped) return;
    const began = performance.now();
    draw();
    const now = performance.now();
    free = now + REST * (now - began);
  }

  return {
    soon() {
      if (waiting) return;
      waiting = true;
      const rest = free - performance.now();
      if (rest > 0) setTimeout(() => requestAnimationFrame(run), rest);
      else requestAnimationFrame(run);
    },
    stop() { stopped = true; },
  };
}

/**
 * What is drawn in turns: `soon()` draws at once, or as soon as the rest that the last `draw()` gave in ms is over. So the
 * newest is shown without waiting for a further call.
 */
export function createTurns(draw) {
  let free = 0;
  let timer = null;
  const run = () => { timer = null; free = performance.now() + draw(); };
  return {
    soon() {
      if (timer !== null) return;
      const rest = free - performance.now();
      if (rest > 0) timer = setTimeout(run, rest);
      else run();
    },
    stop() { clearTimeout(timer); timer = null; },
  };
}

/**
 * `later()` runs when it was not called again for a while: who goes through rows quickly waits for none on the way.
 * `now()` runs at once what still waits.
 */
export function createSettled(run, settled_ms) {
  let timer = null;
  const stop = () => { clearTimeout(timer); timer = null; };
  const now = () => { if (timer !== null) { stop(); run(); } };
  return { later() { stop(); timer = setTimeout(now, settled_ms); }, now, stop };
}
