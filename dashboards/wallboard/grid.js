// A table with a row per center or queue and a cell per indicator, most breaches first.

import { el, reducedMotion, setAttribute, setText, setVariable } from './dom.js';
import { displayName, join } from './format.js';
import { countStatuses } from './status.js';
import { countText } from './summary.js';
import { makeValue } from './value.js';

export const DENSE_ROWS_MIN = 9; // more rows are shown as single lines
export const SORT_MS_MIN = 5_000; // more frequent sorting would be hard to read

/** `scopeOf(id)` is the scope of a row, `addressOf(id)` its link, if any. */
export function makeGrid({ caption, head, indicators, scopeOf, addressOf }, tools) {
  const { standard, format, texts } = tools;
  const columns = indicators.map((name) =>
    ({ name, indicator: standard.get(name), window: standard.windowOf(name) }));
  const body = el('tbody', { role: 'rowgroup' });
  const headCell = { scope: 'col', role: 'columnheader' };
  const headers = columns.map(({ name, indicator, window }) => {
    // A line break is allowed between the two parts only.
    const small = join(...[format.target(indicator), format.windowName(window)]
      .map((text) => text.replaceAll(' ', '\u00a0')));
    return el('th', headCell, el('span', { class: 'grid-title' }, standard.title(name)),
      el('span', { class: 'grid-small' }, small));
  });
  // Explicit roles, because narrow screens show rows as cards, which removes implicit ones.
  const node = el('table', { class: 'grid', role: 'table' },
    el('caption', { class: 'sr-only' }, caption),
    el('thead', { role: 'rowgroup' },
      el('tr', { role: 'row' }, el('th', { ...headCell, class: 'grid-head' }, head), ...headers)),
    body);
  const rows = new Map();
  let sortedAt = -Infinity;

  function makeRow(id) {
    const name = displayName(id);
    const note = el('span', { class: 'grid-note' });
    const title = addressOf ? el('a', { class: 'grid-name', href: addressOf(id) }, name)
      : el('span', { class: 'grid-name' }, name);
    const cells = columns.map((column) => makeCell(column, scopeOf(id), tools));
    const row = el('tr', { role: 'row', 'data-name': id },
      el('th', { scope: 'row', role: 'rowheader' }, title, note),
      ...cells.map((cell) => cell.node));
    return { id, name, note, cells, node: row, counts: countStatuses([]) };
  }

  function update(context, ids) {
    for (const id of ids) {
      if (!rows.has(id)) { rows.set(id, makeRow(id)); sortedAt = -Infinity; }
    }
    for (const [id, row] of rows) if (!ids.includes(id)) { row.node.remove(); rows.delete(id); }
    for (const row of rows.values()) {
      row.counts = countStatuses(row.cells.map((cell) => cell.update(context)));
      const { breached, warning } = row.counts;
      setText(row.note, countText(row.counts, texts));
      setAttribute(row.node, 'data-status', breached ? 'breached' : warning ? 'warning' : 'none');
    }
    setAttribute(node, 'data-old', !context.fresh);
    setVariable(node, '--rows', Math.max(rows.size, 1));
    setAttribute(node, 'data-dense', rows.size > DENSE_ROWS_MIN);
    if (context.now - sortedAt >= SORT_MS_MIN) { sort(); sortedAt = context.now; }
    return ranked();
  }

  const ranked = () => [...rows.values()]
    .sort((a, b) => b.counts.severity - a.counts.severity || a.name.localeCompare(b.name));

  function sort() {
    const sorted = ranked().map((row) => row.node);
    if (sorted.every((row, index) => body.children[index] === row)) return;
    const tops = new Map(sorted.map((row) => [row, row.isConnected ? row.offsetTop : null]));
    const focused = document.activeElement;
    body.append(...sorted);
    if (body.contains(focused)) focused.focus({ preventScroll: true });
    if (reducedMotion.matches) return;
    for (const [row, top] of tops) {
      const shift = top === null ? 0 : top - row.offsetTop;
      const frames = [{ transform: `translateY(${shift}px)` }, { transform: 'none' }];
      if (shift) row.animate(frames, { duration: 600, easing: 'ease-in-out' });
    }
  }

  return { node, update };
}

function makeCell({ name, indicator, window }, scope, { standard, format, texts, explain }) {
  const view = makeValue(indicator, ['grid-value', 'grid-unit', 'sr-only'], { format, texts });
  const button = el('button', { type: 'button', class: 'grid-cell' },
    el('span', { class: 'grid-label' }, standard.title(name)),
    el('span', { class: 'grid-figure' }, view.sign, view.number, view.unit), view.word);
  button.addEventListener('click', () => explain.reading({ name, window, scope }));
  const node = el('td', { role: 'cell', 'data-indicator': name, 'data-window': window }, button);

  function update({ board, now, fresh }) {
    const reading = board.get(name, window, scope);
    const { status, counted } = view.show(reading, now, fresh);
    setAttribute(node, 'data-status', status);
    if (status === 'met') setVariable(node, '--margin', margin(reading, indicator).toFixed(1));
    return counted;
  }

  return { node, update };
}

/** Distance from the target, 0 to 1: the best value, or half of an upper limit. */
function margin({ value, target }, { better, kind }) {
  const room = better === 'higher' && kind === 'ratio' ? 1 - target : Math.abs(target) / 2;
  const distance = better === 'higher' ? value - target : target - value;
  return room > 0 ? Math.min(Math.max(distance / room, 0), 1) : 1;
}
