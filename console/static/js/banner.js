// Full-width banners: old data, and blocked sound.
import { h, mark, say } from './dom.js';
import { span } from './figures.js';
import { judge } from './freshness.js';
import { clock } from './time.js';
import { t } from './words.js';

/** The banner of old data. `tick()` each second; it sounds as high when data grow old, as critical when very old. */
export function createFeedBanner({ store, feed, speaker }) {
  const text = h('span', {});
  const quiet = h('button', { type: 'button', onclick: () => { quieted = true; quiet.hidden = true; } }, t('banner.quiet'));
  const element = h('div', { class: 'banner', role: 'alert', hidden: true }, text, quiet);
  let level = 'ok';
  let quieted = false;

  function sound(now) {
    if (now === 'ok') { quieted = false; quiet.hidden = false; }
    else if (now !== level || (now === 'very-old' && !quieted)) speaker.ask(now === 'old' ? 'high' : 'critical');
    level = now;
  }

  let lastSound = 0;
  return {
    element,
    tick() {
      const { heartbeat } = store.state;
      const { level: now, cause, age_s } = judge(feed.silentFor(), heartbeat);
      element.hidden = now === 'ok';
      mark(element, 'class', `banner ${now}`);
      mark(document.documentElement, 'data-feed', now);
      // three seconds between two, as with any critical alarm
      if (now !== level || now === 'ok' || Date.now() - lastSound >= 2900) { lastSound = Date.now(); sound(now); }
      if (now === 'ok') return;
      const since = heartbeat?.newest_record_at ? t('banner.since', { at: clock(heartbeat.newest_record_at, null) }) : t('banner.never');
      // the age is rounded so that a screen reader is not told each second
      say(text, `${since} ${t(`banner.${cause}`)} ${age_s ? t('banner.age', { age: span(Math.floor(age_s / 5) * 5) }) : ''}`);
    },
  };
}

/** The bar of a gateway that is down: what is behind it is silent, and silence is not safety. It sounds once, as high. */
export function createGatewayBar({ store, speaker }) {
  const element = h('div', { class: 'banner', role: 'alert', hidden: true });
  return {
    element,
    tick() {
      const isDown = store.state.heartbeat?.gateway === 'down';
      if (isDown && element.hidden) speaker.ask('high');
      element.hidden = !isDown;
      say(element, isDown ? t('banner.gateway') : '');
    },
  };
}

/** The bar that stays until the browser lets the page sound. */
export function createSoundBar(speaker) {
  const element = h('button', { type: 'button', class: 'banner blocked', hidden: true, onclick: () => speaker.unblock() }, t('sound.blocked'));
  return { element, tick() { element.hidden = speaker.state() !== 'blocked'; } };
}
