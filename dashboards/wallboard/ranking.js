// All centers side by side: ranked by one indicator, and a heat table of many.

import { el, setAttribute, setText, setVariable } from './dom.js';
import { makeFigure } from './figure.js';
import { displayName } from './format.js';
import { DENSE_ROWS_MIN, makeGrid, SORT_MS_MIN } from './grid.js';
import { sumUpCenters } from './summary.js';
import { amountOf } from './verdict.js';

const RANK = ['answer_rate'];
const COLUMNS = [
  'answer_rate', 'service_level_20s', 'abandonment_rate', 'speed_of_answer', 'hall_called_in_time', 'counter_in_time',
  'one_shot_resolution', 'satisfaction_rate', 'repair_timeliness_due', 'repairs_overdue',
];

export function makeRanking(tools) {
  const { settings, standard, format, texts, addressOf } = tools;
  const rank = standard.choose(settings.rank ? [settings.rank, ...RANK] : RANK)[0];
  const columns = standard.choose(settings.tiles.length ? settings.tiles : COLUMNS, settings.tiles.length ? 1 : 3);
  const indicator = standard.get(rank);
  const window = standard.windowOf(rank);
  const list = el('ol', { class: 'ranks' });
  const small = [format.target(indicator), format.windowName(window), texts[`${settings.first}First`]].filter(Boolean).join(' · ');
  const ranks = el('section', { class: 'ranking', 'aria-label': texts.ranking },
    el('h2', { class: 'panel-title' }, standard.title(rank), el('small', {}, small)), list);
  const heat = makeGrid({
    caption: texts.centersCaption, head: texts.centers, indicators: columns, scopeOf: (id) => ({ center: id }), addressOf,
  }, tools);
  heat.node.classList.add('heat');
  const node = el('div', { class: 'page page-ranking' }, ranks, heat.node);
  const rows = new Map();
  let shownAt = -Infinity;

  function update(context) {
    const ids = context.board.members('center', {});
    const found = ids.map((id) => {
      const reading = context.board.get(rank, window, { center: id });
      return { id, reading, amount: amountOf(reading, context.now, context.fresh) };
    });
    setAttribute(list, 'data-old', !context.fresh);
    if (context.now - shownAt >= SORT_MS_MIN) showRanks(sorted(found), context);
    return sumUpCenters(heat.update(context, ids), [], texts);
  }

  /** By value; a center without one comes last, whoever is first. */
  function sorted(found) {
    const sign = (indicator.better === 'lower') === (settings.first === 'best') ? 1 : -1;
    const judged = found.filter(({ amount }) => amount !== null);
    judged.sort((a, b) => (a.amount - b.amount) * sign || a.id.localeCompare(b.id));
    return [...judged, ...found.filter(({ amount }) => amount === null)];
  }

  function showRanks(found, { now, fresh }) {
    shownAt = found.length ? now : -Infinity;
    const most = Math.max(indicator.unit === 'ratio' ? 1 : 0, indicator.target ?? 0, ...found.map(({ amount }) => amount ?? 0)) || 1;
    setVariable(list, '--target', indicator.target === null ? -1 : indicator.target / most);
    setVariable(list, '--rows', Math.max(found.length, 1));
    setAttribute(list, 'data-dense', found.length > DENSE_ROWS_MIN);
    for (const [id, row] of rows) if (!found.some((one) => one.id === id)) { row.node.remove(); rows.delete(id); }
    found.forEach(({ id, reading, amount }, index) => {
      if (!rows.has(id)) rows.set(id, makeRow(id));
      const row = rows.get(id);
      const { verdict } = row.figure.show(reading, now, fresh);
      setText(row.place, amount === null ? '' : `${index + 1}`);
      setVariable(row.node, '--share', (amount ?? 0) / most);
      setAttribute(row.node, 'data-verdict', verdict);
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] ?? null);
    });
  }

  function makeRow(id) {
    const place = el('span', { class: 'rank-place' });
    const figure = makeFigure(indicator, '', '', 'unseen', tools);
    const { sign, number, unit, word } = figure;
    const node = el('li', { class: 'rank', 'data-name': id }, place,
      el('a', { class: 'rank-name', href: addressOf(id) }, displayName(id)),
      el('span', { class: 'rank-bar', 'aria-hidden': 'true' }), el('span', { class: 'rank-figure' }, sign, number, unit), word);
    return { node, place, figure };
  }

  return { node, update, title: texts.ranking, indicators: [rank, ...columns], where: {} };
}
