// What of a map's data has changed since it was handed over: of two thousand vehicles a tenth moves in a second. Pure.

/** Collections whose features have a key of their own, and its name. */
export const KEYS = { routes: 'convoy_id', vehicles: 'key', alarms: 'alert_id' };

/** What makes `before` into `now`, as MapLibre takes it: a feature that is another object is new. Null: nothing does. */
export function changesOf(before, now, key) {
  const old = new Map(before.features.map((feature) => [feature.properties[key], feature]));
  const ids = new Set(now.features.map((feature) => feature.properties[key]));
  const add = now.features.filter((feature) => old.get(feature.properties[key]) !== feature);
  const remove = [...old.keys()].filter((id) => !ids.has(id));
  return add.length + remove.length > 0 ? { add, remove } : null;
}
