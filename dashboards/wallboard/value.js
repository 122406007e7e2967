// A value with its unit, sign and status word, as shown in tiles, cells and ranks.

import { el, setText } from './dom.js';
import { currentValue, isNow, SIGNS, statusOf, withTarget } from './status.js';

/** `classes` are those of number, unit and word. */
export function makeValue(indicator, classes, { format, texts }) {
  const [number, unit, word] = classes.map((name) => el('span', { class: name || null }));
  const sign = el('span', { class: 'sign', 'aria-hidden': 'true' });

  function show(reading, now, fresh) {
    const status = statusOf(reading);
    const shown = format.value(withTarget(indicator, reading), currentValue(reading, now, fresh));
    setText(number, shown.number);
    setText(unit, shown.unit);
    setText(sign, SIGNS[status]);
    setText(word, statusText(status, indicator, texts));
    const since = reading && !isNow(reading) && reading.since; // of a partial window
    return { status, shown, since, counted: status === 'met' && since ? 'partial' : status };
  }

  return { number, unit, sign, word, show };
}

export function statusText(status, indicator, texts) {
  return status === 'no_traffic' && indicator.kind === 'age' ? texts.noneWaiting : texts[status];
}
