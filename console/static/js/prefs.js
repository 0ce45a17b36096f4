// What a person chose on this machine. Nothing of the operation is kept in the browser.

const DEFAULTS = { lang: 'id', zone: 'plan', theme: 'dark', keys: true, sound: true, post: '' };
const NAME = 'kawal';

function read() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(NAME) ?? '{}') };
  } catch {
    return { ...DEFAULTS }; // a browser that keeps nothing, or somebody's broken value
  }
}

export const prefs = read();

/** Change one choice and keep it. */
export function choose(name, value) {
  prefs[name] = value;
  try {
    localStorage.setItem(NAME, JSON.stringify(prefs));
  } catch {
    // kept for this page only
  }
}
