// The active standard: its indicators, windows and titles.

import { fetchJson } from './access.js';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
const DAILY = /^(repair|install|move|complaint|reopen|one_shot|satisfaction|time_to_restore)/;

/** Retries until it succeeds; calls `onError(error)` for each failure. */
export async function fetchStandard(onError) {
  for (let pause = RETRY_MS_MIN; ; pause = Math.min(pause * 2, RETRY_MS_MAX)) {
    try {
      return await fetchJson('v1/standard');
    } catch (error) {
      onError(error);
    }
    await new Promise((resume) => setTimeout(resume, pause * (0.5 + Math.random() / 2)));
  }
}

export function makeStandard(written, settings) {
  const indicators = new Map(written.indicators.map((indicator) => [indicator.name, indicator]));
  const windows = written.windows || [];
  const { window } = settings;
  const usual = windows.includes(window) ? window : (windows[0] ?? window);
  const day = windows.includes('today') ? 'today' : usual;

  /** Gauges have `now`. Orders and surveys are too few for half an hour and have the day. */
  function windowOf(name) {
    const own = indicators.get(name)?.windows ?? windows;
    if (own.length === 0) return 'now';
    const preferred = DAILY.test(name) ? day : usual;
    return own.includes(preferred) ? preferred : own[0];
  }

  return {
    written,
    budgetWindow: day,
    timeZone: written.time_zone,
    get: (name) => indicators.get(name),
    title: (name) => titleIn(indicators.get(name).title, settings.lang, name),
    ownTitle: titleIn(written.title, settings.lang, written.name),
    windowOf,
    /** Those of `names` in the standard, or its first indicators if it has fewer than `least`. */
    choose(names, least = 1) {
      const known = names.filter((name) => indicators.has(name));
      if (known.length >= least) return known;
      const own = [...indicators.values()];
      own.sort((a, b) => (a.target === null) - (b.target === null));
      return own.slice(0, Math.max(least, 6)).map((indicator) => indicator.name);
    },
  };
}

function titleIn(title, lang, name) {
  return title?.[lang] ?? title?.en ?? name;
}
