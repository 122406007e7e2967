// A value with its unit, its sign and its verdict in a word: the same in tiles, cells and ranks.

import { el, setText } from './dom.js';
import { amountOf, SIGNS, verdictOf } from './verdict.js';

/** The four parts, to be put where they belong, and the classes that number, unit and word have there. */
export function makeFigure(indicator, ofNumber, ofUnit, ofWord, { format, texts }) {
  const [number, unit, word] = [ofNumber, ofUnit, ofWord].map((name) => el('span', { class: name || null }));
  const sign = el('span', { class: 'sign', 'aria-hidden': 'true' });

  /** Answers the verdict, and what stands there. */
  function show(reading, now, fresh) {
    const verdict = verdictOf(reading);
    const shown = format.value(indicator, amountOf(reading, now, fresh));
    setText(number, shown.number);
    setText(unit, shown.unit);
    setText(sign, SIGNS[verdict]);
    setText(word, verdictWord(verdict, indicator, texts));
    return { verdict, shown };
  }

  return { number, unit, sign, word, show };
}

export function verdictWord(verdict, indicator, texts) {
  return verdict === 'no_traffic' && indicator.kind === 'age' ? texts.none : texts[verdict];
}
