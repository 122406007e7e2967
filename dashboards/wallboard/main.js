// Puts the page together: settings, standard, pages, connection; then shows what is known, once a second and on news.

import { makeAsk } from './ask.js';
import { hideBanner, refusal, showBanner } from './banner.js';
import { makeBoard } from './board.js';
import { makeClock, makeWallTime } from './clock.js';
import { el, setAttribute, setText } from './dom.js';
import { makeFormat } from './format.js';
import { follow } from './live.js';
import { makeNews } from './news.js';
import { makePages, subscriptionOf } from './pages.js';
import { makeRotation } from './rotation.js';
import { fetchStandard, makeStandard } from './standard.js';
import { makeTrends } from './trend.js';
import { addressOf, readSettings } from './url.js';
import { SIGNS } from './verdict.js';
import { renewPage } from './version.js';
import { keepAwake } from './wall.js';

const OLD_MS = 5_000; // figures older than this are dimmed
const LIVE_MS = 3_000; // figures younger than this are called live
const LOST_MS = 2_000; // a shorter break is not worth a banner
const LAGGING_MS = 15_000;
const DRAW_MS_MIN = 200;
const RENEW_MS = 300_000;

const $ = (id) => document.getElementById(id);
const settings = readSettings(location.search, navigator.languages);
const { texts } = await import(`./texts.${settings.lang}.js`);
const format = makeFormat(settings.lang, texts);
const clock = makeClock();

document.documentElement.lang = settings.lang === 'zh' ? 'zh-CN' : 'en';
const light = matchMedia('(prefers-color-scheme: light)');
document.documentElement.dataset.theme = settings.theme === 'auto' ? (light.matches ? 'light' : 'dark') : settings.theme;
keepAwake();
start();

async function start() {
  const slow = setTimeout(() => showBanner(texts.connecting), LOST_MS);
  const written = await fetchStandard((error) => {
    clearTimeout(slow);
    showBanner(refusal(error, texts) ?? texts.noStandard);
  });
  clearTimeout(slow);
  hideBanner();
  run(written);
}

function run(written) {
  const standard = makeStandard(written, settings);
  const wall = makeWallTime(settings.lang, standard.timeZone);
  const trends = makeTrends(standard);
  const explain = makeAsk(settings.lang, { standard, format, texts, wall });
  const addressOfCenter = (center) => addressOf(center, location.search);
  const pages = makePages(settings, { settings, standard, format, texts, trends, explain, addressOf: addressOfCenter });
  const news = makeNews(settings.sound, { standard, texts });
  const board = makeBoard(news.breached);
  let page = null;
  let heardAt = null; // our own ticking clock, for ages
  let lostAt = null; // the server's clock, to be shown
  let refused = null; // why the page is not let in, in words
  let epoch = null;
  let clockOff = 0; // seconds by which the server doubts its machine's clock
  let drawnAt = -Infinity;
  let waiting = 0;

  dress(standard, news);
  if (pages.length > 1) {
    const titles = pages.map(({ title }) => title);
    $('footer').before(makeRotation({ titles, every: settings.every, texts, show: (index) => show(pages[index]), busy: explain.isOpen }).node);
  } else {
    show(pages[0]);
  }
  follow({
    board,
    subscription: subscriptionOf(pages, standard),
    heard(frame) {
      const back = epoch === null || lostAt !== null;
      heardAt = performance.now();
      lostAt = null;
      clockOff = frame.clock_off ?? 0;
      refused = null;
      clock.atLeast(board.asOf());
      if (epoch === null) setText($('since'), texts.legendLine(wall.time(clock.now()).slice(0, 5)));
      if (epoch !== null && frame.epoch !== epoch) renewStandard(written);
      epoch = frame.epoch;
      if (back) trends.ask();
      if (back) renewPage();
      drawSoon();
    },
    lost(error) {
      refused = refusal(error, texts) ?? (error ? null : refused);
      lostAt ??= clock.now() - (heardAt === null ? 0 : performance.now() - heardAt);
      drawSoon();
    },
  });
  setInterval(draw, 1_000);
  setInterval(renewPage, RENEW_MS);

  function show(next) {
    page = next;
    const single = pages.length === 1 && settings.pages[0].kind !== 'overview';
    setText($('heading'), page.title);
    setAttribute($('back'), 'hidden', !single);
    $('main').replaceChildren(page.node);
    draw();
  }

  function drawSoon() {
    if (waiting) return;
    waiting = setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawnAt + DRAW_MS_MIN - performance.now()));
  }

  function draw() {
    waiting = 0;
    drawnAt = performance.now();
    const now = clock.now();
    const silence = heardAt === null ? Infinity : drawnAt - heardAt;
    const age = heardAt === null ? Infinity : Math.max(silence, now - board.asOf());
    const fresh = age < OLD_MS && !(lostAt !== null && silence >= LOST_MS);
    const oldText = age < LIVE_MS || heardAt === null ? '' : texts.asOf(format.age(age / 1000));
    if (fresh) trends.see(board, now);
    const { verdict, text } = page.update({ board, now, fresh, oldText, heard: heardAt !== null });
    heading(verdict, text, fresh, heardAt === null ? '' : oldText || texts.live);
    setText($('clock'), wall.time(now));
    setText($('date'), wall.date(now));
    setAttribute(document.body, 'data-old', !fresh);
    if (refused) {
      showBanner(refused);
    } else if (lostAt !== null && silence >= LOST_MS) {
      if (heardAt === null) showBanner(texts.connecting);
      else showBanner(texts.lost(wall.time(lostAt)), texts.since(format.age((now - lostAt) / 1000)));
    } else if (heardAt !== null && age >= LAGGING_MS) {
      showBanner(texts.lagging(wall.time(board.asOf())), texts.since(format.age(age / 1000)));
    } else if (clockOff !== 0) {
      showBanner(texts.clockOff(wall.time(board.asOf()), clockOff > 0), format.age(Math.abs(clockOff)));
    } else {
      hideBanner();
    }
  }

  function heading(verdict, text, fresh, ageText) {
    setText($('summary'), SIGNS[verdict] ? `${SIGNS[verdict]} ${text}` : text);
    setAttribute($('summary'), 'data-verdict', verdict);
    setText($('pulse'), ageText);
    setAttribute($('pulse'), 'data-fresh', fresh);
    const title = `${fresh ? SIGNS[verdict] : '…'} ${page.title} · firstline`.trim();
    if (document.title !== title) document.title = title;
  }
}

/** What does not change while the page lives. */
function dress(standard, news) {
  setText($('back'), texts.back);
  setAttribute($('back'), 'href', addressOf(null, location.search));
  $('pulse').before(news.text, news.hint);
  const legend = (verdict, words) => el('span', { class: 'legend', 'data-verdict': verdict }, el('span', { class: 'sign' }, SIGNS[verdict]), ` ${words}`);
  $('footer').replaceChildren(
    legend('missed', texts.legendMissed), legend('near', texts.legendNear), legend('met', texts.legendMet),
    el('span', { id: 'since' }),
    el('a', { class: 'foot-end', href: `build.html?lang=${settings.lang}` }, texts.build),
    el('span', {}, `${standard.ownTitle} · ${standard.written.version}`),
  );
}

/** A restarted server may have another standard; then the page starts over. */
async function renewStandard(written) {
  const fetched = await fetchStandard(() => {});
  if (JSON.stringify(fetched) !== JSON.stringify(written)) location.reload();
}
