// The two languages of the pages: flat catalogues, plurals by Intl.PluralRules.

export const LANGUAGES = ['id', 'en'];

let language = 'id';
let catalogue = {};
let plurals = new Intl.PluralRules('id');

/** Load a language; everything that is drawn afterwards is in it. */
export async function speak(wanted) {
  const answer = await fetch(`/static/lang/${wanted}.json`);
  if (!answer.ok) throw new Error(`no catalogue for ${wanted}`);
  catalogue = await answer.json();
  language = wanted;
  plurals = new Intl.PluralRules(wanted);
  document.documentElement.lang = wanted;
}

/** The language now spoken: `id` or `en`. */
export const spoken = () => language;

/** The words under a key, `{name}` filled in from `values`. A key that no catalogue has is shown itself. */
export function t(key, values = {}) {
  return (catalogue[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether there are words under a key. */
export const knows = (key) => key in catalogue;

/** The words under a key, or what stands for them where there are none. */
export const known = (key, otherwise) => (knows(key) ? t(key) : otherwise);

/** What went wrong with a request, by the server's code for it. */
export const failure = (code) => known(`failure.${code}`, code);

/** A counted thing: words under `key.one`, `key.other`, by the language's own rule. */
export function count(key, number, values = {}) {
  const form = `${key}.${plurals.select(number)}`;
  return t(form in catalogue ? form : `${key}.other`, { n: whole(number), ...values });
}

const formats = new Map();

/** How the language writes numbers with so many digits behind the mark; made once, for making one takes long. */
export function numbers(digits) {
  const key = `${language} ${digits}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(key);
}

/** A whole number with the language's thousands mark. */
export const whole = (number) => numbers(0).format(Math.round(number));

/** A sentence that the server sends in both languages. */
export const said = (message) => message?.[language] ?? message?.en ?? '';
