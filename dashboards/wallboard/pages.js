// The pages of a board by the kinds that its address names. What every page is:
// `{ node, update(context), title, indicators, where }`; `update` answers `{ verdict, text }` for the heading.

import { makeCenter } from './center.js';
import { makeOverview } from './overview.js';
import { makeRanking } from './ranking.js';

const MAKERS = { overview: makeOverview, ranking: makeRanking, center: makeCenter };

/** `tools` are shared by all: settings, standard, format, texts, trends, explain, addressOf. */
export function makePages(settings, tools) {
  return settings.pages.map(({ kind, center }) => MAKERS[kind](tools, center));
}

/** One subscription for all pages: what any of them shows, of the centers they show. */
export function subscriptionOf(pages, standard) {
  const indicators = [...new Set(pages.flatMap((page) => page.indicators))];
  const windows = [...new Set([...indicators.map((name) => standard.windowOf(name)), standard.budgetWindow])];
  const everywhere = pages.some((page) => !page.where.center);
  return {
    indicators,
    windows,
    ...(!everywhere && { where: { center: [...new Set(pages.flatMap((page) => page.where.center))] } }),
  };
}
