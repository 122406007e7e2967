// One indicator of one scope, large: title, value, verdict in sign and word, target, line, counts, what is left today, age.

import { calm, el, setAttribute, setText, setVariable } from './dom.js';
import { makeFigure } from './figure.js';
import { makeSpark } from './spark.js';

const TROUBLE = ['met', 'near', 'missed'];

function makeTile(name, scope, { standard, format, texts, trends, explain }) {
  const indicator = standard.get(name);
  const window = standard.windowOf(name);
  const windowName = format.windowName(window);
  const figure = makeFigure(indicator, 'tile-number', 'tile-unit', '', { format, texts });
  const value = el('p', { class: 'tile-value' }, figure.number, figure.unit);
  const badge = el('span', { class: 'badge' }, figure.sign, figure.word);
  const target = format.target(indicator);
  const counts = el('span', { class: 'tile-counts' });
  const when = el('span', { class: 'tile-when' });
  const budget = el('span', { class: 'tile-budget' });
  const spark = makeSpark(indicator);
  const trend = trends.follow(name, scope);
  const verdicts = el('p', { class: 'tile-verdict' }, badge);
  if (target) {
    verdicts.append(el('span', { class: 'tile-target' }, el('span', { class: 'tile-target-word' }, `${texts.target} `), target));
  }
  // The button covers the tile; its name is the title.
  const button = el('button', { type: 'button', class: 'tile-open' }, standard.title(name));
  button.addEventListener('click', () => explain.reading({ name, window, scope }));
  const node = el(
    'article',
    { class: 'tile', 'data-indicator': name, 'data-window': window },
    el('h2', { class: 'tile-title' }, button),
    value, verdicts, spark.node,
    el('p', { class: 'tile-foot' }, counts, when, budget),
  );
  let before = null;

  function update({ board, now, fresh, oldText }) {
    const reading = board.get(name, window, scope);
    const { verdict, shown } = figure.show(reading, now, fresh);
    setVariable(value, '--ems', ems(shown).toFixed(2));
    setText(counts, oldText ? '' : format.counts(reading));
    setText(when, reading && oldText ? oldText : [windowName, reading?.state === 'provisional' && texts.provisional].filter(Boolean).join(' · '));
    setText(budget, oldText ? '' : format.budget(board.get(name, standard.budgetWindow, scope), window !== standard.budgetWindow));
    setAttribute(node, 'data-verdict', verdict);
    setAttribute(node, 'data-old', !fresh && reading !== undefined);
    if (fresh) spark.draw(trend.points(), now);
    if (TROUBLE.indexOf(verdict) > TROUBLE.indexOf(before) && before !== null) flash(node);
    if (TROUBLE.includes(verdict)) before = verdict;
    return verdict;
  }

  return { node, update };
}

/** The width of a value in units of its font's size, so that the style sheet can make it fit. */
function ems({ number, unit }) {
  const wide = [...number].reduce((sum, sign) => sum + (/[\d—]/.test(sign) ? 0.58 : 0.3), 0);
  const units = [...unit].reduce((sum, sign) => sum + (/[a-z]/.test(sign) ? 0.56 : 1), 0);
  return wide + 0.1 + units * 0.42;
}

function flash(node) {
  if (calm.matches) return;
  node.animate([{ opacity: 1 }, { opacity: 0.45 }, { opacity: 1 }], { duration: 700, iterations: 3 });
}

const OF_A_ROW_MAX = 6;

/** Tiles side by side, in as many rows as they need; `update` answers their verdicts. `label` names the landmark they are. */
export function makeTiles(names, scope, tools, kind, label = null) {
  const tiles = names.map((name) => makeTile(name, scope, tools));
  const rows = Math.max(Math.ceil(tiles.length / OF_A_ROW_MAX), 1);
  const node = el('section', { class: `tiles ${kind}`, 'aria-label': label }, ...tiles.map((tile) => tile.node));
  setVariable(node, '--tiles', Math.max(Math.ceil(tiles.length / rows), 1));
  return { node, update: (context) => tiles.map((tile) => tile.update(context)) };
}
