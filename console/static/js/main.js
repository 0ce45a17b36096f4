// The start: session or sign-in, then the shell with its pages, one tick a second.
import { soundAlarms } from './alarm-sounds.js';
import { api } from './api.js';
import { createFeedBanner, createGatewayBar, createSoundBar } from './banner.js';
import { connect } from './feed.js';
import { openHelp } from './help.js';
import { createPace } from './pace.js';
import { makePage, pageOf } from './pages.js';
import { choose, prefs } from './prefs.js';
import { tellUnshelved } from './shelf-notice.js';
import { reloadEnded, signIn, takeEnded, takeToken } from './signin.js';
import { createSpeaker } from './sound.js';
import { createSoundTest } from './sound-test.js';
import { createStore } from './store.js';
import { chooseZone, districtZone } from './time.js';
import { createToast } from './toast.js';
import { createTopBar } from './topbar.js';
import { h } from './dom.js';
import { speak, t } from './words.js';

const TICK_MS = 1000;
const root = document.getElementById('app');

async function sessionOrSignIn() {
  const token = takeToken();
  const reason = takeEnded() ? 'signin.ended' : null;
  if (token) return signIn(root, token);
  try {
    return await api.session();
  } catch {
    return signIn(root, null, reason);
  }
}

/** The zone of most plans stands for times that belong to none. */
function tellZone(plans) {
  const counts = new Map();
  for (const { timezone } of plans.values()) counts.set(timezone, (counts.get(timezone) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  if (most) districtZone(most[0]);
}

function run(session) {
  const store = createStore();
  const feed = connect(store, reloadEnded);
  const speaker = createSpeaker({ leads: () => feed.leads(), isOn: () => prefs.sound, onChange: () => tick() });
  const toast = createToast();
  const go = (address) => { location.hash = `#/${address}`; };
  const world = { store, session, speaker, toast, go, onHelp: openHelp, desk: { chosen: null, drafts: new Map() } };
  let shell = null;
  let page = null;

  function build() {
    const soundTest = createSoundTest({ speaker, toast });
    const bar = createTopBar({ store, feed, speaker, session, onHelp: openHelp, onSoundTest: soundTest.start, onChoose: change, onLeave: leave });
    const feedBanner = createFeedBanner({ store, feed, speaker });
    const gatewayBar = createGatewayBar({ store, speaker });
    const soundBar = createSoundBar(speaker);
    const place = h('div', { class: 'place' });
    shell = { bar, feedBanner, gatewayBar, soundBar, place };
    root.replaceChildren(bar.element, feedBanner.element, gatewayBar.element, soundBar.element, soundTest.element, place, toast.element);
    open();
  }

  // a page is made of what the server has told: before that there is none
  const waiting = () => ({ element: h('main', { class: 'page' }, h('p', { class: 'dim', role: 'status' }, t('page.loading'))) });

  function open() {
    page?.made.leave?.();
    const address = pageOf(location.hash);
    page = { ...address, made: store.state.boot ? makePage(address, world) : waiting() };
    shell.place.replaceChildren(page.made.element);
    document.title = `${t(`page.${page.name}`)} · Kawal`;
    page.made.update?.(new Set(['alarms', 'convoys', 'plans', 'heartbeat']));
    tick();
  }

  function tick() {
    if (!shell) return;
    shell.bar.tick(page.name);
    shell.feedBanner.tick();
    shell.gatewayBar.tick();
    shell.soundBar.tick();
  }

  async function change(name, value) {
    choose(name, value);
    if (name === 'theme') { document.documentElement.dataset.theme = value; page.made.restyle?.(); }
    if (name === 'zone') chooseZone(value);
    if (name === 'lang') await speak(value);
    if (name === 'lang' || name === 'zone') { build(); root.querySelector(`select[name=${name}]`).focus(); }
    tick();
  }

  async function leave() {
    feed.close(true);
    await api.logout().catch(() => {}); // the server may be away; the page forgets all the same
    location.reload();
  }

  let touched = new Set();
  const pace = createPace(() => {
    const what = touched;
    touched = new Set();
    page.made.update?.(what);
    shell.bar.tick(page.name);
  });

  build();
  soundAlarms(store, speaker);
  tellUnshelved(store, toast);
  store.listen(({ event, touched: names, isFirst }) => {
    if (names.includes('plans')) tellZone(store.state.plans);
    if (isFirst) open();
    for (const name of names) touched.add(name);
    if (event !== 'action') pace.soon();
  });
  setInterval(tick, TICK_MS);
  window.addEventListener('hashchange', open);
}

document.documentElement.dataset.theme = prefs.theme;
chooseZone(prefs.zone);
await speak(prefs.lang);
run(await sessionOrSignIn());
