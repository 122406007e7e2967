// The standard in force: fetched until it is there, and asked which indicators and windows exist.

import { fetchJson } from './access.js';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/** Tries until it succeeds; `failed` is told about every failure. */
export async function fetchStandard(failed) {
  for (let pause = RETRY_MS_MIN; ; pause = Math.min(pause * 2, RETRY_MS_MAX)) {
    try {
      return await fetchJson('v1/standard');
    } catch (error) {
      failed(error);
    }
    await new Promise((resume) => setTimeout(resume, pause * (0.5 + Math.random() / 2)));
  }
}

export function makeStandard(written, settings) {
  const indicators = new Map(written.indicators.map((indicator) => [indicator.name, indicator]));
  const windows = written.windows || [];
  const wanted = windows.includes(settings.window) ? settings.window : (windows[0] ?? settings.window);
  const day = windows.includes('today') ? 'today' : wanted;

  /** Counts of the moment are `now`; orders and judgements of customers are too few for half an hour. */
  function windowOf(name) {
    const kind = indicators.get(name)?.kind;
    if (kind === 'level' || kind === 'age' || kind === 'estimated_wait') return 'now';
    return /^(repair|install|move|complaint|reopen|one_shot|satisfaction|time_to_restore)/.test(name) ? day : wanted;
  }

  return {
    written,
    /** Where the error budgets of tiles are found. */
    budgetWindow: day,
    timeZone: written.time_zone,
    get: (name) => indicators.get(name),
    title: (name) => titleIn(indicators.get(name).title, settings.lang, name),
    ownTitle: titleIn(written.title, settings.lang, written.name),
    windowOf,
    /** Those of `names` the standard declares; if it is a standard of other names, its own first ones. */
    choose(names, at_least = 1) {
      const known = names.filter((name) => indicators.has(name));
      if (known.length >= at_least) return known;
      const own = [...indicators.values()].sort((a, b) => (a.target === null) - (b.target === null));
      return own.slice(0, Math.max(at_least, 6)).map((indicator) => indicator.name);
    },
  };
}

function titleIn(title, lang, name) {
  return title?.[lang] ?? title?.en ?? name;
}
