// Everything the pages show, folded from the stream's events. No page element, no clock: the same in every tab.

/** An empty picture. `now` is the time that is shown, `wall` the server's: they differ in the demo alone. `leftOut` alarms are too many to be listed. */
export function emptyState() {
  return { boot: null, now: null, wall: null, alarms: new Map(), leftOut: 0, convoys: new Map(), plans: new Map(), heartbeat: null };
}

function mergeConvoy(before, { vehicles = [], gone = [], ...fields }, at) {
  const byId = new Map((before?.vehicles ?? []).map((vehicle) => [vehicle.vehicle_id, vehicle]));
  for (const vehicle of vehicles) byId.set(vehicle.vehicle_id, { ...byId.get(vehicle.vehicle_id), ...vehicle });
  for (const id of gone) byId.delete(id);
  return { ...before, at, ...fields, vehicles: [...byId.values()] };
}

/** The time that is shown, in ms; before the first snapshot the browser's. */
export const present = ({ now }) => (now ? Date.parse(now) : Date.now());

function takeTime(state, beat) {
  state.heartbeat = beat;
  state.wall = beat.now;
  state.now = beat.shown_at ?? beat.now;
}

const byKey = (items, key) => new Map(items.map((item) => [item[key], item]));

// Each takes the state and an event's data, and says what it touched.
const FOLDS = {
  snapshot(state, data) {
    state.boot = data.boot;
    state.alarms = byKey(data.alarms, 'alert_id');
    state.leftOut = data.alarms_left_out;
    state.convoys = byKey(data.convoys, 'convoy_id');
    state.plans = byKey(data.plans, 'convoy_id');
    takeTime(state, data.heartbeat);
    return ['alarms', 'convoys', 'plans', 'heartbeat'];
  },
  alert(state, alarm) {
    state.alarms.set(alarm.alert_id, alarm);
    return ['alarms'];
  },
  action() {
    return []; // the alarm that it changed comes whole in an event of its own
  },
  convoy(state, { at, convoys }) {
    for (const delta of convoys) {
      if (delta.withdrawn) state.convoys.delete(delta.convoy_id);
      else state.convoys.set(delta.convoy_id, mergeConvoy(state.convoys.get(delta.convoy_id), delta, at));
    }
    return ['convoys'];
  },
  plan(state, { convoy_id: id, plan }) {
    if (plan) state.plans.set(id, plan);
    else state.plans.delete(id);
    return ['plans'];
  },
  heartbeat(state, beat) {
    takeTime(state, beat);
    return ['heartbeat'];
  },
};

/**
 * The store: `apply(event, data)` folds, `listen(fn)` hears `{event, data, before, touched, isFirst}` of each fold, `before`
 * being the alarm as it was, `isFirst` whether it is the first picture. `snapshot()` gives the state as a snapshot event, for a tab that joins late.
 */
export function createStore() {
  const state = emptyState();
  const listeners = new Set();
  return {
    state,
    apply(event, data) {
      if (!(event in FOLDS)) return;
      const before = event === 'alert' ? state.alarms.get(data.alert_id) : null;
      const known = event === 'snapshot' ? state.alarms : null;
      const isFirst = state.boot === null;
      const touched = FOLDS[event](state, data);
      for (const listener of listeners) listener({ event, data, before, known, touched, isFirst: isFirst && state.boot !== null });
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => ({
      boot: state.boot, alarms: [...state.alarms.values()], alarms_left_out: state.leftOut, convoys: [...state.convoys.values()],
      plans: [...state.plans.values()], heartbeat: state.heartbeat,
    }),
  };
}
