// The sound test that begins a shift: the page cannot know how loud its machine is, so the person says what was heard.
import { api } from './api.js';
import { h } from './dom.js';
import { failure, t } from './words.js';

/** `element` is the question under the top bar, hidden until `start()`; the answer goes into the audit. */
export function createSoundTest({ speaker, toast }) {
  const yes = h('button', { type: 'button', onclick: () => answer(true) }, t('sound.heard'));
  const element = h('div', {
    class: 'banner asking', role: 'group', 'aria-label': t('sound.question'), hidden: true,
    onkeydown: (event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } },
  },
  h('span', {}, t('sound.question')), yes,
  h('button', { type: 'button', onclick: () => answer(false) }, t('sound.not-heard')),
  h('button', { type: 'button', onclick: () => speaker.test() }, t('sound.again')));
  let from = null;

  function close() {
    element.hidden = true;
    from?.focus();
  }

  async function answer(heard) {
    close();
    try {
      await api.soundTested(heard);
      toast.tell({ ok: heard, words: t(heard ? 'sound.noted' : 'sound.noted-silent') });
    } catch (error) {
      toast.tell({ ok: false, words: t('page.failed', { error: failure(error.message) }) });
    }
  }

  return {
    element,
    start() {
      if (speaker.state() === 'off') { toast.tell({ ok: false, words: t('sound.is-off') }); return; }
      from = document.activeElement;
      speaker.test();
      element.hidden = false;
      yes.focus();
    },
  };
}
