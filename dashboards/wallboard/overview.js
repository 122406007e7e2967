// Overview: tiles for the whole organization and a table of its centers.

import { el, setAttribute } from './dom.js';
import { makeGrid } from './grid.js';
import { summarizeCenters } from './summary.js';
import { makeTiles } from './tile.js';

const TILES = [
  'answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now', 'repair_timeliness_due',
  'repairs_overdue',
];
const COLUMNS = [
  'answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now',
  'hall_called_in_time', 'repair_timeliness_due', 'repairs_overdue', 'satisfaction_rate',
];

export function makeOverview(tools) {
  const { settings, standard, texts, addressOf } = tools;
  const own = settings.tiles.length > 0;
  const names = standard.choose(own ? settings.tiles : TILES, own ? 1 : 3);
  const columns = standard.choose(COLUMNS, 3);
  const headline = makeTiles(names, {}, tools, 'tiles-main', texts.headline);
  const grid = makeGrid({
    caption: texts.centersCaption, head: texts.centers, indicators: columns,
    scopeOf: (id) => ({ center: id }), addressOf,
  }, tools);
  const node = el('div', { class: 'page page-overview' }, headline.node, grid.node);

  function update(context) {
    const statuses = headline.update(context);
    const rows = grid.update(context, context.board.members('center', {}));
    setAttribute(grid.node, 'hidden', rows.length === 0);
    return summarizeCenters(rows, statuses, texts);
  }

  return { node, update, title: texts.overview, indicators: [...names, ...columns], where: {} };
}
