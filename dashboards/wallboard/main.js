// Wallboard: reads the settings, loads the standard, connects, and redraws once per second and
// after each frame.

import { makeAnnouncements } from './announcements.js';
import { authenticationText, hideBanner, showBanner } from './banner.js';
import { makeBoard } from './board.js';
import { makeClock, makeLocalTime } from './clock.js';
import { el, setAttribute, setText } from './dom.js';
import { makeExplainLoader } from './explain.loader.js';
import { makeFormat } from './format.js';
import { follow } from './live.js';
import { makePages, subscriptionOf } from './pages.js';
import { makeRotation } from './rotation.js';
import { keepAwake } from './screen.js';
import { fetchStandard, makeStandard } from './standard.js';
import { SIGNS } from './status.js';
import { makeTrends } from './trend.js';
import { addressOf, readSettings } from './url.js';
import { renewPage } from './version.js';

const OLD_MS = 5_000; // older figures are dimmed
const LIVE_MS = 3_000; // younger figures are labeled live
const LOST_MS = 2_000; // a shorter interruption shows no banner
const LAGGING_MS = 15_000;
const DRAW_MS_MIN = 200;
const RENEW_MS = 300_000;

const $ = (id) => document.getElementById(id);
const settings = readSettings(location.search, navigator.languages);
const { texts } = await import(`./texts.${settings.lang}.js`);
const format = makeFormat(settings.lang, texts);
const clock = makeClock();

document.documentElement.lang = settings.lang === 'zh' ? 'zh-CN' : 'en';
const systemTheme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
document.documentElement.dataset.theme = settings.theme === 'auto' ? systemTheme : settings.theme;
keepAwake();
start();

async function start() {
  const slow = setTimeout(() => showBanner(texts.connecting), LOST_MS);
  const written = await fetchStandard((error) => {
    clearTimeout(slow);
    showBanner(authenticationText(error, texts) ?? texts.noStandard);
  });
  clearTimeout(slow);
  hideBanner();
  run(written);
}

function run(written) {
  const standard = makeStandard(written, settings);
  const localTime = makeLocalTime(settings.lang, standard.timeZone);
  const trends = makeTrends(standard);
  const explain = makeExplainLoader(settings.lang, { standard, format, texts, localTime });
  const pages = makePages(settings, {
    settings, standard, format, texts, trends, explain, momentText: localTime.moment,
    addressOf: (center) => addressOf(center, location.search),
  });
  const announcements = makeAnnouncements(settings.sound, { standard, texts });
  const board = makeBoard(announcements.breached);
  let page = null;
  let receivedAt = null; // by `performance.now()`
  let lostAt = null; // server time
  let authentication = null; // error text
  let epoch = null;
  let calendarsEnded = []; // calendars without further holidays
  let clockOff = 0; // seconds by which the server clock differs from its figures
  let drawnAt = -Infinity;
  let scheduled = 0;

  showFixedTexts(standard, announcements);
  if (pages.length > 1) {
    $('footer').before(makeRotation({
      titles: pages.map(({ title }) => title), every: settings.every, texts,
      show: (index) => show(pages[index]), busy: explain.isOpen,
    }).node);
  } else {
    show(pages[0]);
  }
  follow({
    board,
    subscription: subscriptionOf(pages, standard),
    onFrame(frame) {
      const reconnected = epoch === null || lostAt !== null;
      receivedAt = performance.now();
      lostAt = null;
      clockOff = frame.clock_off ?? 0;
      calendarsEnded = frame.calendars_ended ?? [];
      authentication = null;
      clock.advanceTo(board.asOf());
      if (epoch === null) {
        setText($('line-legend'), texts.legend(localTime.time(clock.now()).slice(0, 5)));
      } else if (frame.epoch !== epoch) {
        reloadIfStandardChanged(written);
      }
      epoch = frame.epoch;
      if (reconnected) {
        trends.refresh();
        renewPage();
      }
      scheduleDraw();
    },
    onDisconnect(error) {
      authentication = authenticationText(error, texts) ?? (error ? null : authentication);
      const silence = receivedAt === null ? 0 : performance.now() - receivedAt;
      lostAt ??= clock.now() - silence;
      scheduleDraw();
    },
  });
  setInterval(draw, 1_000);
  setInterval(renewPage, RENEW_MS);

  function show(next) {
    page = next;
    const hasBack = pages.length === 1 && settings.pages[0].kind !== 'overview';
    setText($('heading'), page.title);
    setAttribute($('back'), 'hidden', !hasBack);
    $('main').replaceChildren(page.node);
    draw();
  }

  function scheduleDraw() {
    if (scheduled) return;
    const delay = Math.max(0, drawnAt + DRAW_MS_MIN - performance.now());
    scheduled = setTimeout(() => requestAnimationFrame(draw), delay);
  }

  function draw() {
    scheduled = 0;
    drawnAt = performance.now();
    const now = clock.now();
    const connected = receivedAt !== null;
    const silence = connected ? drawnAt - receivedAt : Infinity;
    const age = connected ? Math.max(silence, now - board.asOf()) : Infinity;
    const lost = lostAt !== null && silence >= LOST_MS;
    const fresh = age < OLD_MS && !lost;
    const ageText = age < LIVE_MS || !connected ? '' : texts.updated(format.age(age / 1000));
    if (fresh) trends.record(board, now);
    const { status, text } = page.update({ board, now, fresh, ageText, connected });
    drawHeading(status, text, fresh, connected ? ageText || texts.live : '');
    setText($('clock'), localTime.time(now));
    setText($('date'), localTime.date(now));
    const since = (ms) => texts.since(format.age(ms / 1000));
    if (authentication) {
      showBanner(authentication);
    } else if (lost && !connected) {
      showBanner(texts.connecting);
    } else if (lost) {
      showBanner(texts.lost(localTime.time(lostAt)), since(now - lostAt));
    } else if (connected && age >= LAGGING_MS) {
      showBanner(texts.lagging(localTime.time(board.asOf())), since(age));
    } else if (clockOff !== 0) {
      const text = texts.clockOff(localTime.time(board.asOf()), clockOff > 0);
      showBanner(text, format.age(Math.abs(clockOff)));
    } else if (calendarsEnded.length > 0) {
      const [{ calendar, last_day: lastDay }] = calendarsEnded;
      showBanner(texts.calendarEnded(calendar, lastDay));
    } else {
      hideBanner();
    }
  }

  function drawHeading(status, text, fresh, ageText) {
    setText($('summary'), `${SIGNS[status]} ${text}`.trim());
    setAttribute($('summary'), 'data-status', status);
    setText($('freshness'), ageText);
    setAttribute($('freshness'), 'data-fresh', fresh);
    const title = `${fresh ? SIGNS[status] : '…'} ${page.title} · firstline`.trim();
    if (document.title !== title) document.title = title;
  }
}

function showFixedTexts(standard, announcements) {
  setText($('back'), texts.back);
  setAttribute($('back'), 'href', addressOf(null, location.search));
  $('freshness').before(announcements.text, announcements.hint);
  const legend = (status) => el('span', { class: 'legend', 'data-status': status },
    el('span', { class: 'sign' }, SIGNS[status]), ` ${texts[status]}`);
  const configure = { class: 'foot-end', href: `configure.html?lang=${settings.lang}` };
  $('footer').replaceChildren(
    legend('breached'), legend('warning'), legend('met'),
    el('span', { id: 'line-legend' }),
    el('a', configure, texts.configure),
    el('span', {}, `${standard.ownTitle} · ${standard.written.version}`),
  );
}

/** A restarted server may have another standard. */
async function reloadIfStandardChanged(written) {
  const fetched = await fetchStandard(() => {});
  if (JSON.stringify(fetched) !== JSON.stringify(written)) location.reload();
}
