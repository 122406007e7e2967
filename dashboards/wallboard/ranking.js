// Center comparison: a ranking by one indicator and a heat map of several.

import { el, setAttribute, setText, setVariable } from './dom.js';
import { displayName, join } from './format.js';
import { DENSE_ROWS_MIN, makeGrid, SORT_MS_MIN } from './grid.js';
import { currentValue } from './status.js';
import { summarizeCenters } from './summary.js';
import { makeValue } from './value.js';

const RANK = ['answer_rate'];
const COLUMNS = [
  'answer_rate', 'service_level_20s', 'abandonment_rate', 'speed_of_answer',
  'hall_called_in_time', 'desk_in_time', 'one_shot_resolution', 'satisfaction_rate',
  'repair_timeliness_due', 'repairs_overdue',
];

export function makeRanking(tools) {
  const { settings, standard, format, texts, addressOf } = tools;
  const own = settings.tiles.length > 0;
  const rank = standard.choose(settings.rank ? [settings.rank, ...RANK] : RANK)[0];
  const columns = standard.choose(own ? settings.tiles : COLUMNS, own ? 1 : 3);
  const indicator = standard.get(rank);
  const window = standard.windowOf(rank);
  const list = el('ol', { class: 'ranks' });
  const order = texts[`${settings.first}First`];
  const small = join(format.target(indicator), format.windowName(window), order);
  const ranks = el('section', { class: 'ranking', 'aria-label': texts.ranking },
    el('h2', { class: 'panel-title' }, standard.title(rank), el('small', {}, small)), list);
  const heat = makeGrid({
    caption: texts.centersCaption, head: texts.centers, indicators: columns,
    scopeOf: (id) => ({ center: id }), addressOf,
  }, tools);
  heat.node.classList.add('heat');
  const node = el('div', { class: 'page page-ranking' }, ranks, heat.node);
  const rows = new Map();
  let shownAt = -Infinity;

  function update(context) {
    const ids = context.board.members('center', {});
    const found = ids.map((id) => {
      const reading = context.board.get(rank, window, { center: id });
      return { id, reading, amount: currentValue(reading, context.now, context.fresh) };
    });
    setAttribute(list, 'data-old', !context.fresh);
    if (context.now - shownAt >= SORT_MS_MIN) showRanks(sorted(found), context);
    return summarizeCenters(heat.update(context, ids), [], texts);
  }

  /** By value. Centers without a value are last in both directions. */
  function sorted(found) {
    const sign = (indicator.better === 'lower') === (settings.first === 'best') ? 1 : -1;
    const valued = found.filter(({ amount }) => amount !== null);
    valued.sort((a, b) => (a.amount - b.amount) * sign || a.id.localeCompare(b.id));
    return [...valued, ...found.filter(({ amount }) => amount === null)];
  }

  function showRanks(found, { now, fresh }) {
    shownAt = found.length ? now : -Infinity;
    const amounts = found.map(({ amount }) => amount ?? 0);
    const targets = found.map(({ reading }) => (reading ?? indicator).target ?? 0);
    // Bars begin at 0, or at the least amount if that is negative.
    const least = Math.min(0, ...targets, ...amounts);
    const most = Math.max(indicator.unit === 'ratio' ? 1 : 0, ...targets, ...amounts);
    const share = (amount) => (amount - least) / (most - least || 1);
    setVariable(list, '--rows', Math.max(found.length, 1));
    setAttribute(list, 'data-dense', found.length > DENSE_ROWS_MIN);
    for (const [id, row] of rows) {
      if (!found.some((one) => one.id === id)) { row.node.remove(); rows.delete(id); }
    }
    found.forEach(({ id, reading, amount }, index) => {
      if (!rows.has(id)) rows.set(id, makeRow(id));
      const row = rows.get(id);
      const { status } = row.view.show(reading, now, fresh);
      setText(row.position, amount === null ? '' : `${index + 1}`);
      setVariable(row.node, '--share', amount === null ? 0 : share(amount));
      const { target } = reading ?? indicator;
      setVariable(row.node, '--target', target === null ? -1 : share(target));
      setAttribute(row.node, 'data-status', status);
      const next = list.children[index];
      if (next !== row.node) list.insertBefore(row.node, next ?? null);
    });
  }

  function makeRow(id) {
    const position = el('span', { class: 'rank-number' });
    const view = makeValue(indicator, ['', '', 'sr-only'], tools);
    const node = el('li', { class: 'rank', 'data-name': id }, position,
      el('a', { class: 'rank-name', href: addressOf(id) }, displayName(id)),
      el('span', { class: 'rank-bar', 'aria-hidden': 'true' }),
      el('span', { class: 'rank-figure' }, view.sign, view.number, view.unit), view.word);
    return { node, position, view };
  }

  return { node, update, title: texts.ranking, indicators: [rank, ...columns], where: {} };
}
