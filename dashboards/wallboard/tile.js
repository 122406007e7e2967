// One indicator of one scope, large: title, value, verdict in sign and word, target, line, counts, age.

import { calm, el, setAttribute, setText, setVariable } from './dom.js';
import { makeSpark } from './spark.js';
import { amountOf, SIGNS, verdictOf } from './verdict.js';

const TROUBLE = ['met', 'near', 'missed'];

export function makeTile(name, scope, { standard, format, texts }) {
  const indicator = standard.get(name);
  const window = standard.windowOf(name);
  const windowName = format.windowName(window);
  const number = el('span', { class: 'tile-number' });
  const unit = el('span', { class: 'tile-unit' });
  const value = el('p', { class: 'tile-value' }, number, unit);
  const sign = el('span', { class: 'sign', 'aria-hidden': 'true' });
  const word = el('span');
  const badge = el('span', { class: 'badge' }, sign, word);
  const target = format.target(indicator);
  const counts = el('span', { class: 'tile-counts' });
  const when = el('span', { class: 'tile-when' });
  const spark = makeSpark(indicator);
  const verdicts = el('p', { class: 'tile-verdict' }, badge);
  if (target) {
    verdicts.append(el('span', { class: 'tile-target' }, el('span', { class: 'tile-target-word' }, `${texts.target} `), target));
  }
  const node = el(
    'article',
    { class: 'tile', 'data-indicator': name, 'data-window': window },
    el('h2', { class: 'tile-title' }, standard.title(name)),
    value, verdicts, spark.node,
    el('p', { class: 'tile-foot' }, counts, when),
  );
  let before = null;

  function update({ board, now, fresh, oldText }) {
    const reading = board.get(name, window, scope);
    const verdict = verdictOf(reading);
    const amount = amountOf(reading, now, fresh);
    const shown = format.value(indicator, amount);
    setText(number, shown.number);
    setText(unit, shown.unit);
    setVariable(value, '--ems', ems(shown).toFixed(2));
    setText(sign, SIGNS[verdict]);
    setText(word, verdictWord(verdict, indicator, texts));
    setText(counts, oldText ? '' : format.counts(reading));
    setText(when, reading && oldText ? oldText : [windowName, reading?.state === 'provisional' && texts.provisional].filter(Boolean).join(' · '));
    setAttribute(node, 'data-verdict', verdict);
    setAttribute(node, 'data-old', !fresh && reading !== undefined);
    if (fresh) spark.add(now, amount);
    if (TROUBLE.indexOf(verdict) > TROUBLE.indexOf(before) && before !== null) flash(node);
    if (TROUBLE.includes(verdict)) before = verdict;
    return verdict;
  }

  return { node, update };
}

export function verdictWord(verdict, indicator, texts) {
  return verdict === 'no_traffic' && indicator.kind === 'age' ? texts.none : texts[verdict];
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
