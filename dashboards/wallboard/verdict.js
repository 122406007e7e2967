// What a reading amounts to on the wall: one word, one sign, how much trouble.

/** The sign tells the verdicts apart without colour. */
export const SIGNS = {
  met: '✓', near: '▲', missed: '✕', few: '○', stale: '◇', no_traffic: '', unknown: '', plain: '',
};

const LEVELS = { met: 'met', warning: 'near', breached: 'missed' };

/** met, near, missed; plain (no target); no_traffic, few, stale or unknown, which are never judged. */
export function verdictOf(reading) {
  if (!reading) return 'unknown';
  if (reading.state === 'stale') return 'stale';
  if (reading.state === 'no_population') return 'unknown';
  if (reading.value === null || reading.state === 'no_traffic') return 'no_traffic';
  if (reading.state === 'small_sample') return 'few';
  return LEVELS[reading.level] ?? 'plain';
}

/** The longest wait grows by itself between two frames, as long as the figures are fresh. */
export function amountOf(reading, now, fresh) {
  if (!reading) return null;
  const ticks = fresh && reading.since && reading.value !== null;
  return ticks ? Math.max(reading.value, (now - Date.parse(reading.since)) / 1000) : reading.value;
}

export function trouble(verdicts) {
  const count = (verdict) => verdicts.filter((other) => other === verdict).length;
  const missed = count('missed');
  const near = count('near');
  return { missed, near, judged: missed + near + count('met'), rank: missed * 100 + near };
}
