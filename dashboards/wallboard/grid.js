// A ranked table: a row for every center or queue, those in trouble first, a cell for every indicator.

import { calm, el, setAttribute, setText, setVariable } from './dom.js';
import { makeFigure } from './figure.js';
import { displayName } from './format.js';
import { trouble } from './verdict.js';

export const DENSE_ROWS_MIN = 9; // more rows than this stand in single lines
export const SORT_MS_MIN = 5_000; // rows that jump every second cannot be read

/** `scopeOf(id)` is the scope of a row; `addressOf(id)` its link, if it has one. */
export function makeGrid({ caption, head, indicators, scopeOf, addressOf }, tools) {
  const { standard, format, texts } = tools;
  const columns = indicators.map((name) => ({ name, indicator: standard.get(name), window: standard.windowOf(name) }));
  const body = el('tbody', { role: 'rowgroup' });
  const headers = columns.map(({ name, indicator, window }) => {
    const target = format.target(indicator);
    // It may break between the two, but in neither.
    const small = [target, format.windowName(window)].filter(Boolean).map((text) => text.replaceAll(' ', '\u00a0')).join(' · ');
    return el('th', { scope: 'col', role: 'columnheader' },
      el('span', { class: 'grid-title' }, standard.title(name)), el('span', { class: 'grid-small' }, small));
  });
  // The roles are said aloud because a narrow screen shows the rows as cards, which would undo them.
  const node = el('table', { class: 'grid', role: 'table' },
    el('caption', { class: 'unseen' }, caption),
    el('thead', { role: 'rowgroup' },
      el('tr', { role: 'row' }, el('th', { scope: 'col', role: 'columnheader', class: 'grid-head' }, head), ...headers)),
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
      el('th', { scope: 'row', role: 'rowheader' }, title, note), ...cells.map((cell) => cell.node));
    return { id, name, note, cells, node: row, sum: trouble([]) };
  }

  function update(context, ids) {
    for (const id of ids) if (!rows.has(id)) { rows.set(id, makeRow(id)); sortedAt = -Infinity; }
    for (const [id, row] of rows) if (!ids.includes(id)) { row.node.remove(); rows.delete(id); }
    for (const row of rows.values()) {
      row.sum = trouble(row.cells.map((cell) => cell.update(context)));
      const { missed, near } = row.sum;
      setText(row.note, [missed && texts.missedTargets(missed), near && texts.nearTargets(near)].filter(Boolean).join(' · '));
      setAttribute(row.node, 'data-verdict', missed ? 'missed' : near ? 'near' : 'plain');
    }
    setAttribute(node, 'data-old', !context.fresh);
    setVariable(node, '--rows', Math.max(rows.size, 1));
    setAttribute(node, 'data-dense', rows.size > DENSE_ROWS_MIN);
    if (context.now - sortedAt >= SORT_MS_MIN) { sort(); sortedAt = context.now; }
    return ranked();
  }

  const ranked = () => [...rows.values()].sort((a, b) => b.sum.rank - a.sum.rank || a.name.localeCompare(b.name));

  function sort() {
    const wanted = ranked().map((row) => row.node);
    if (wanted.every((row, index) => body.children[index] === row)) return;
    const tops = new Map(wanted.map((row) => [row, row.isConnected ? row.offsetTop : null]));
    const focused = document.activeElement;
    body.append(...wanted);
    if (body.contains(focused)) focused.focus({ preventScroll: true });
    if (calm.matches) return;
    for (const [row, top] of tops) {
      const way = top === null ? 0 : top - row.offsetTop;
      if (way) row.animate([{ transform: `translateY(${way}px)` }, { transform: 'none' }], { duration: 600, easing: 'ease-in-out' });
    }
  }

  return { node, update };
}

function makeCell({ name, indicator, window }, scope, { standard, format, texts, explain }) {
  const figure = makeFigure(indicator, 'grid-value', 'grid-unit', 'unseen', { format, texts });
  const { sign, number, unit, word } = figure;
  const label = el('span', { class: 'grid-label' }, standard.title(name));
  const inner = el('button', { type: 'button', class: 'grid-cell' }, label, el('span', { class: 'grid-figure' }, sign, number, unit), word);
  inner.addEventListener('click', () => explain.reading({ name, window, scope }));
  const node = el('td', { role: 'cell', 'data-indicator': name, 'data-window': window }, inner);

  function update({ board, now, fresh }) {
    const reading = board.get(name, window, scope);
    const { verdict } = figure.show(reading, now, fresh);
    setAttribute(node, 'data-verdict', verdict);
    if (verdict === 'met') setVariable(node, '--margin', margin(reading, indicator).toFixed(1));
    return verdict;
  }

  return { node, update };
}

/** How far a value is beyond its target, from 0 to 1: all the way to the best there can be, or to half of a limit. */
function margin({ value, target }, { better, kind }) {
  const room = better === 'higher' ? (kind === 'ratio' ? 1 - target : target / 2) : target / 2;
  const beyond = better === 'higher' ? value - target : target - value;
  return room > 0 ? Math.min(Math.max(beyond / room, 0), 1) : 1;
}
