// Where the lines of the tiles come from: the intervals that the service remembers, and what the page has seen itself of an
// indicator that has no history, or of a service that tells none.

import { fetchJson } from './access.js';
import { keyOf } from './board.js';
import { amountOf } from './verdict.js';

const HOURS = 8;
const RETRY_MS = 60_000;
const SETTLE_MS = 5_000; // an interval that has just ended may still be counted
const OWN_POINTS_MAX = 240; // when full, every second point goes and the steps double
const OWN_STEP_MS = { least: 1_000, most: 120_000 }; // 240 of the longest are eight hours; then the oldest go

export function makeTrends(standard) {
  const series = new Map(); // by key, those that a page draws: as many as it has tiles
  let waiting = 0;
  let round = null; // tells the answers of one round of questions from those given up

  /** A line of `{ at, amount }`, oldest first; an amount of null is a gap. */
  function follow(name, scope) {
    const window = standard.windowOf(name);
    const key = keyOf(name, window, scope);
    if (!series.has(key)) series.set(key, { name, scope, window, kept: null, own: makeOwn(), now: null });
    const one = series.get(key);
    return {
      points: () => (one.kept ? [...one.kept, ...(one.now ? [one.now] : [])] : one.own.points()),
      isKept: () => one.kept !== null,
    };
  }

  /** Takes the values of this moment in. */
  function see(board, now) {
    for (const one of series.values()) {
      one.now = { at: now, amount: amountOf(board.get(one.name, one.window, one.scope), now, true) };
      one.own.add(one.now);
    }
  }

  /** Asks for all histories, and again whenever an interval has ended. To be called at the start and after every break. */
  async function ask() {
    clearTimeout(waiting);
    const mine = (round = {});
    const questions = new Map(); // with the series that each answers
    for (const one of series.values()) {
      const question = JSON.stringify({ hours: HOURS, ...overOf(one.window), ...one.scope });
      questions.set(question, [...(questions.get(question) ?? []), one]);
    }
    let pause = RETRY_MS;
    try {
      for (const [question, asked] of questions) {
        const indicator = asked.map(({ name }) => name).join(',');
        const told = await fetchJson(`v1/trend?${new URLSearchParams({ ...JSON.parse(question), indicator })}`);
        if (mine !== round) return;
        pause = take(told, asked);
      }
    } catch (error) {
      if (error.status === 404) return; // an older service: until the next break its page draws what it sees
    }
    if (mine === round) waiting = setTimeout(ask, pause * (1 + Math.random() / 20));
  }

  /** A value of the line covers as much as the tile's, or about an hour where that is a day: a quarter has few orders. */
  function overOf(window) {
    const over = isRolling(window) ? window : standard.written.windows.find((other) => other === '1h' || other === '60m');
    return over ? { window: over } : {};
  }

  /** The time until the interval that is still open has ended. */
  function take(told, asked) {
    const from = Date.parse(told.from);
    const step = told.step_seconds * 1_000;
    for (const one of asked) {
      const trend = told.trends.find(({ indicator }) => indicator === one.name);
      // The open interval is drawn by its running value.
      one.kept = trend?.values.slice(0, -1).map((amount, index) => ({ at: from + (index + 1) * step, amount })) ?? null;
    }
    const gone = (Date.parse(told.as_of) - from) % step;
    return step - gone + SETTLE_MS;
  }

  return { follow, see, ask };
}

const isRolling = (window) => /^\d+[mhd]$/.test(window);

function makeOwn() {
  let points = [];
  let step = OWN_STEP_MS.least;

  function add(point) {
    const last = points[points.length - 1];
    if (last && point.at - last.at < step) return;
    points.push(point);
    if (points.length <= OWN_POINTS_MAX) return;
    if (step < OWN_STEP_MS.most) {
      points = points.filter((_, index) => index % 2 === 0);
      step *= 2;
    } else {
      points.shift();
    }
  }

  return { add, points: () => points };
}
