// Which names have room on a map: of symbols that stand together the first tells its own, and how many more there are. Pure.

const CELL = { x: 70, y: 26 }; // px: names nearer than this would lie on each other

/** The names of `features`, the most important first: `[{feature, label}]`. `pixel(coordinates)` is where one is; what is late or lost has names of its own. */
export function roomyNames(features, pixel) {
  const cells = new Map();
  for (const feature of features) {
    const [x, y] = pixel(feature.geometry.coordinates);
    const key = `${Math.round(x / CELL.x)}|${Math.round(y / CELL.y)}|${feature.properties.link}`;
    const known = cells.get(key);
    if (known) known.more += 1;
    else cells.set(key, { feature, more: 0 });
  }
  return [...cells.values()].map(({ feature, more }) => {
    const { label } = feature.properties;
    return { feature, label: more ? label.replace(/$/m, ` +${more}`) : label };
  });
}
