// What comes in a burst is handed on in slices, each a task of its own: between two of them the browser takes key presses.

// More at a time would hold a key press up for as long as they take.
export const SLICE_MAX = 40;
const SLICE_MS = 8;

/** `put(item)` queues; `take(item)` gets each in order, soon and never within `put`; `end(items)` ends a slice. */
export function createSlices(take, end) {
  let waiting = [];
  const { port1, port2 } = new MessageChannel(); // unlike a timer it does not wait, even where the page is not seen
  port1.onmessage = () => {
    const enough = performance.now() + SLICE_MS;
    let taken = 0;
    try {
      while (taken < waiting.length && taken < SLICE_MAX && (taken === 0 || performance.now() < enough)) take(waiting[taken++]);
    } finally {
      // what could not be taken is passed over: one bad event must not keep all others out
      const slice = waiting.slice(0, taken);
      waiting = waiting.slice(taken);
      if (waiting.length > 0) port2.postMessage(null);
      end(slice);
      // to be seen in a profile, and by tests; nothing is kept
      performance.mark('kawal-slice', { detail: taken });
      performance.clearMarks('kawal-slice');
    }
  };

  return {
    put(item) {
      waiting.push(item);
      if (waiting.length === 1) port2.postMessage(null);
    },
  };
}
