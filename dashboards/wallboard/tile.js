// A large tile for one indicator of one scope.

import { el, reducedMotion, setAttribute, setText, setVariable } from './dom.js';
import { join } from './format.js';
import { makeSparkline } from './sparkline.js';
import { withTarget } from './status.js';
import { makeValue } from './value.js';

const SEVERITY = ['met', 'warning', 'breached'];
const TILES_PER_ROW_MAX = 6;

function makeTile(name, scope, { standard, format, texts, trends, explain, momentText }) {
  const indicator = standard.get(name);
  const window = standard.windowOf(name);
  const windowName = format.windowName(window);
  const view = makeValue(indicator, ['tile-number', 'tile-unit', ''], { format, texts });
  const value = el('p', { class: 'tile-value' }, view.number, view.unit);
  const badge = el('span', { class: 'badge' }, view.sign, view.word);
  const target = el('span');
  const targetNode = el('span', { class: 'tile-target' },
    el('span', { class: 'sr-only' }, `${texts.target} `), target);
  const status = el('p', { class: 'tile-status' }, badge, targetNode);
  const counts = el('span');
  const when = el('span', { class: 'tile-when' });
  const budget = el('span');
  const sparkline = makeSparkline();
  const points = trends.follow(name, scope);
  // The button covers the tile and takes its name from the title.
  const button = el('button', { type: 'button', class: 'tile-open' }, standard.title(name));
  button.addEventListener('click', () => explain.reading({ name, window, scope }));
  const node = el('article', { class: 'tile', 'data-indicator': name, 'data-window': window },
    el('h2', { class: 'tile-title' }, button),
    value, status, sparkline.node,
    el('p', { class: 'tile-foot' }, counts, when, budget));
  let before = null;

  function update({ board, now, fresh, ageText }) {
    const reading = board.get(name, window, scope);
    const { status, shown, since, counted } = view.show(reading, now, fresh);
    const partial = since && texts.knownSince(momentText(Date.parse(since), now));
    const provisional = reading?.states.includes('provisional') && texts.provisional;
    const budgetReading = board.get(name, standard.budgetWindow, scope);
    setVariable(value, '--ems', ems(shown).toFixed(2));
    const own = withTarget(indicator, reading);
    setText(target, format.target(own));
    setAttribute(targetNode, 'hidden', target.textContent === '');
    setText(counts, ageText ? '' : format.counts(reading));
    setText(when, reading && ageText ? ageText : join(windowName, partial, provisional));
    setText(budget, ageText ? '' : format.budget(budgetReading));
    setAttribute(button, 'title', texts[reading?.counts] ?? null);
    setAttribute(node, 'data-status', status);
    setAttribute(node, 'data-old', !fresh && reading !== undefined);
    if (fresh) sparkline.draw(points(), now, own);
    if (SEVERITY.indexOf(status) > SEVERITY.indexOf(before) && before !== null) flash(node);
    if (SEVERITY.includes(status)) before = status;
    return counted;
  }

  return { node, update };
}

/** Approximate width of a value in em, so that CSS can fit its font size. */
function ems({ number, unit }) {
  const width = [...number].reduce((sum, sign) => sum + (/[\d—]/.test(sign) ? 0.58 : 0.3), 0);
  const unitWidth = [...unit].reduce((sum, sign) => sum + (/[a-z]/.test(sign) ? 0.56 : 1), 0);
  return width + 0.1 + unitWidth * 0.42;
}

function flash(node) {
  if (reducedMotion.matches) return;
  const frames = [{ opacity: 1 }, { opacity: 0.45 }, { opacity: 1 }];
  node.animate(frames, { duration: 700, iterations: 3 });
}

/** Tiles in rows; `update` returns their statuses. `label` names the landmark. */
export function makeTiles(names, scope, tools, kind, label = null) {
  const tiles = names.map((name) => makeTile(name, scope, tools));
  const rows = Math.max(Math.ceil(tiles.length / TILES_PER_ROW_MAX), 1);
  const attributes = { class: `tiles ${kind}`, 'aria-label': label };
  const node = el('section', attributes, ...tiles.map((tile) => tile.node));
  setVariable(node, '--tiles', Math.max(Math.ceil(tiles.length / rows), 1));
  return { node, update: (context) => tiles.map((tile) => tile.update(context)) };
}
