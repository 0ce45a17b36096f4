// A convoy on a page of its own.
import { createConvoyView } from './convoy.js';
import { h } from './dom.js';
import { listenKeys } from './keys.js';
import { t } from './words.js';

/** The page of the convoy `id`. */
export function createConvoyPage({ store, id, go }) {
  const view = createConvoyView({ store });
  const chooser = h('select', { 'aria-label': t('convoy.choose'), onchange: () => go(`convoy/${encodeURIComponent(chooser.value)}`) });
  const element = h('main', { class: 'page convoy-page' }, h('p', { class: 'convoy-nav' }, h('a', { href: '#/' }, t('convoy.back')), chooser), view.element);
  const stop = listenKeys(() => ({ Escape: () => go(''), o: () => go('') }));
  let known = '';

  function choices() {
    const ids = [...store.state.convoys.keys()].sort();
    if (ids.join('|') === known) return;
    known = ids.join('|');
    chooser.replaceChildren(...ids.map((one) => h('option', { value: one, selected: one === id }, `${one} ${store.state.plans.get(one)?.name ?? ''}`)));
  }
  choices();
  // the chart is as wide as the page, which is known once it is in it
  requestAnimationFrame(() => view.show(id));
  return { element, update() { choices(); view.tick(); }, leave: stop };
}
