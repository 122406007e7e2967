// Status of a reading: its level if it has one, otherwise why it is not evaluated.

/** Each status has its own sign, because color alone is not enough. */
export const SIGNS = {
  met: '✓', warning: '▲', breached: '✕', small_sample: '○', stale: '◇',
  no_traffic: '', unknown: '', no_data: '', none: '',
};

export function statusOf(reading) {
  if (!reading) return 'unknown';
  const applies = (state) => reading.states.includes(state);
  if (applies('no_data')) return 'no_data';
  if (applies('stale')) return 'stale';
  if (applies('no_population')) return 'unknown';
  if (reading.value === null) return 'no_traffic';
  if (applies('small_sample')) return 'small_sample';
  return ['met', 'warning', 'breached'].includes(reading.level) ? reading.level : 'none';
}

/** The indicator with the target of the reading's scope. */
export const withTarget = (indicator, reading) =>
  reading ? { ...indicator, target: reading.target } : indicator;

export const isNow = (reading) => reading.window === 'now';

/** The longest wait grows between frames while the figures are fresh. */
export function currentValue(reading, now, fresh) {
  if (!reading) return null;
  const grows = fresh && isNow(reading) && reading.since && reading.value !== null;
  return grows ? Math.max(reading.value, (now - Date.parse(reading.since)) / 1000) : reading.value;
}

export function countStatuses(statuses) {
  const count = (status) => statuses.filter((other) => other === status).length;
  const breached = count('breached');
  const warning = count('warning');
  return {
    breached, warning, evaluated: breached + warning + count('met') + count('partial'),
    unsure: count('partial') + count('no_data') + count('stale'),
    severity: breached * 100 + warning,
  };
}
