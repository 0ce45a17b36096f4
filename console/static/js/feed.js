// One stream a browser: the tab that holds the lock reads the server and tells the others. HTTP/1.1 gives a browser six
// connections a host, so a stream a tab would starve the seventh tab.
import { api } from './api.js';
import { createSlices } from './slices.js';

const EVENTS = ['snapshot', 'alert', 'action', 'convoy', 'plan', 'heartbeat'];
const REOPEN_MS = 2000;

/**
 * Feed `store` until `close()`. `onSignedOut` is called when the session has ended. `silentFor()` is the time in
 * seconds since the server was last heard, `leads()` whether this tab reads the server.
 */
export function connect(store, onSignedOut) {
  const channel = new BroadcastChannel('kawal-stream');
  const me = crypto.randomUUID();
  let source = null;
  let leading = false;
  let closed = false;
  let heardAt = performance.now();
  let release = () => {};

  // `data` is still text where it comes from the server: reading it is part of the work
  const slices = createSlices((item) => {
    if (item.text) { item.data = JSON.parse(item.text); delete item.text; }
    store.apply(item.event, item.data);
  }, (items) => { if (leading) channel.postMessage({ events: items }); });

  function take(...items) {
    heardAt = performance.now();
    items.forEach(slices.put);
  }

  async function reopenOrLeave() {
    source.close();
    try {
      await api.session();
    } catch (error) {
      if (error.status === 401) {
        channel.postMessage({ event: 'signed-out' });
        onSignedOut();
        return;
      }
    }
    setTimeout(() => { if (!closed) open(); }, REOPEN_MS);
  }

  function open() {
    source = new EventSource('/api/stream');
    for (const event of EVENTS) {
      source.addEventListener(event, ({ data: text }) => take({ event, text }));
    }
    source.addEventListener('resync', () => { source.close(); open(); });
    // While CONNECTING the browser tries again by itself; CLOSED is for good, and the answer says why.
    source.addEventListener('error', () => { if (source.readyState === EventSource.CLOSED) reopenOrLeave(); });
  }

  channel.addEventListener('message', ({ data: { event, events, from, to } }) => {
    if (event === 'signed-out') onSignedOut();
    else if (event === 'join') {
      if (leading && store.state.boot) channel.postMessage({ events: [{ event: 'snapshot', data: store.snapshot() }], to: from });
    } else if (!leading && (!to || to === me)) take(...events);
  });

  navigator.locks.request('kawal-stream', () => new Promise((resolve) => {
    release = resolve;
    if (closed) return resolve();
    leading = true;
    return open();
  }));
  channel.postMessage({ event: 'join', from: me });

  return {
    silentFor: () => (performance.now() - heardAt) / 1000,
    leads: () => leading,
    close(signedOut = false) {
      if (signedOut) channel.postMessage({ event: 'signed-out' });
      closed = true;
      source?.close();
      release();
      channel.close();
    },
  };
}
