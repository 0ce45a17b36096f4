// What was put aside and comes back by itself is told: nobody else has taken it up.
import { t } from './words.js';

const SLACK_MS = 2000; // the server's clock is known to the second

/** Tell when an alarm's time on the shelf is over. Returns how to stop. */
export function tellUnshelved(store, toast) {
  return store.listen(({ event, data, before }) => {
    if (event !== 'alert' || !before?.shelved || data.shelved) return;
    if (Date.parse(before.shelved.until) > Date.parse(store.state.wall) + SLACK_MS) return; // a person took it back
    toast.tell({ ok: true, words: t('shelf.over', { kind: t(`kind.${data.alert.kind}`), convoy: data.alert.convoy_id }) });
  });
}
