// Pages of the display, by kind: `{ node, update(context), title, indicators, where }`.
// `update` returns `{ status, text }` for the heading.

import { makeCenter } from './center.js';
import { makeOverview } from './overview.js';
import { makeRanking } from './ranking.js';

const MAKERS = { overview: makeOverview, ranking: makeRanking, center: makeCenter };

export function makePages(settings, tools) {
  return settings.pages.map(({ kind, center }) => MAKERS[kind](tools, center));
}

export function subscriptionOf(pages, standard) {
  const indicators = [...new Set(pages.flatMap((page) => page.indicators))];
  const windows = indicators.map((name) => standard.windowOf(name));
  const allCenters = pages.some((page) => !page.where.center);
  const centers = [...new Set(pages.flatMap((page) => page.where.center))];
  return {
    indicators,
    windows: [...new Set([...windows, standard.budgetWindow])],
    ...(!allCenters && { where: { center: centers } }),
  };
}
