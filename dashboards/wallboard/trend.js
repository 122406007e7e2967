// Points of the sparklines: history from the service, or else values collected by the page.

import { fetchJson } from './access.js';
import { keyOf } from './board.js';
import { currentValue } from './status.js';

const HOURS = 8;
const RETRY_MS = 60_000;
const SETTLE_MS = 5_000; // late events may still change an interval that has just ended
const POINTS_MAX = 240; // at this number, every second point is dropped and the step doubles
const STEP_MS = { min: 1_000, max: 120_000 }; // 240 points of 120 s cover eight hours

export function makeTrends(standard) {
  const series = new Map();
  let timer = 0;
  let currentRound = null; // responses of earlier rounds are dropped

  /** Returns a function for the points `{ at, amount }`, oldest first; null amounts are gaps. */
  function follow(name, scope) {
    const window = standard.windowOf(name);
    const key = keyOf(name, window, scope);
    if (!series.has(key)) {
      series.set(key, { name, scope, window, history: null, own: makePoints(), last: null });
    }
    const one = series.get(key);
    return () => (one.history ? [...one.history, ...(one.last ? [one.last] : [])] : one.own.all());
  }

  function record(board, now) {
    for (const one of series.values()) {
      const reading = board.get(one.name, one.window, one.scope);
      one.last = { at: now, amount: currentValue(reading, now, true) };
      one.own.add(one.last);
    }
  }

  /** Fetches all histories, and again after each interval. Call at startup and on reconnect. */
  async function refresh() {
    clearTimeout(timer);
    const round = (currentRound = {});
    const queries = new Map();
    for (const one of series.values()) {
      const query = JSON.stringify({ hours: HOURS, ...windowParameter(one.window), ...one.scope });
      queries.set(query, [...(queries.get(query) ?? []), one]);
    }
    let pause = RETRY_MS;
    try {
      for (const [query, served] of queries) {
        const indicator = served.map(({ name }) => name).join(',');
        const parameters = new URLSearchParams({ ...JSON.parse(query), indicator });
        const response = await fetchJson(`v1/trend?${parameters}`);
        if (round !== currentRound) return;
        pause = apply(response, served);
      }
    } catch (error) {
      if (error.status === 404) return; // an older service without history
    }
    if (round === currentRound) timer = setTimeout(refresh, pause * (1 + Math.random() / 20));
  }

  /** A point of a calendar window covers an hour, for enough orders. */
  function windowParameter(window) {
    const hour = (other) => other === '1h' || other === '60m';
    const used = isRolling(window) ? window : standard.written.windows.find(hour);
    return used ? { window: used } : {};
  }

  /** Returns the time until the open interval ends, in ms. */
  function apply(response, served) {
    const from = Date.parse(response.from);
    const step = response.step_seconds * 1_000;
    const point = (amount, index) => ({ at: from + (index + 1) * step, amount });
    for (const one of served) {
      const trend = response.trends.find(({ indicator }) => indicator === one.name);
      // The live value replaces the open interval.
      one.history = trend?.values.slice(0, -1).map(point) ?? null;
    }
    const elapsed = (Date.parse(response.as_of) - from) % step;
    return step - elapsed + SETTLE_MS;
  }

  return { follow, record, refresh };
}

const isRolling = (window) => /^\d+[mhd]$/.test(window);

function makePoints() {
  let points = [];
  let step = STEP_MS.min;

  function add(point) {
    const last = points[points.length - 1];
    if (last && point.at - last.at < step) return;
    points.push(point);
    if (points.length <= POINTS_MAX) return;
    if (step < STEP_MS.max) {
      points = points.filter((_, index) => index % 2 === 0);
      step *= 2;
    } else {
      points.shift();
    }
  }

  return { add, all: () => points };
}
