// Turns numbers into what stands on the wall. Rounding never contradicts the verdict: 84.97 % does not become
// "85.0 %, missed", and 99.96 % is not 100 %.

const DASH = '—';

export function makeFormat(lang, texts) {
  const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
  const hundredth = new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const tenth = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

  /** `{ number, unit }` of an indicator's value, rounded away from the target if rounding would cross it. */
  function value(indicator, amount) {
    if (typeof amount !== 'number') return { number: DASH, unit: '' };
    const { target, better } = indicator;
    if (indicator.kind === 'difference') return difference(indicator.unit, amount);
    if (indicator.unit.startsWith('per_')) return { number: hundredth.format(amount), unit: '' };
    switch (indicator.unit) {
      case 'ratio':
        return { number: percent(amount, target, better), unit: '%' };
      case 'seconds':
        return duration(amount, target);
      case 'score':
        return { number: hundredth.format(amount), unit: '' };
      default:
        return { number: whole.format(amount), unit: '' };
    }
  }

  /** A difference has a sign; that of two percentages is in points of a hundred. */
  function difference(unit, amount) {
    const sign = amount > 0 ? '+' : amount < 0 ? '−' : '';
    if (unit === 'ratio') return { number: sign + tenth.format(Math.abs(amount) * 100), unit: '' };
    const size = value({ unit }, Math.abs(amount));
    return { number: sign + size.number, unit: size.unit };
  }

  function percent(amount, target, better) {
    if (amount === 1 || amount === 0) return whole.format(amount * 100);
    let tenths = Math.round(amount * 1000);
    if (typeof target === 'number') {
      const limit = Math.round(target * 1000);
      if (better === 'higher' && amount < target && tenths >= limit) tenths = limit - 1;
      if (better === 'lower' && amount > target && tenths <= limit) tenths = limit + 1;
    }
    return tenth.format(Math.min(999, Math.max(1, tenths)) / 10);
  }

  /** Seconds below a minute, then minutes and seconds, hours and minutes, days. */
  function duration(seconds, target) {
    if (seconds < 60) {
      let shown = Math.round(seconds);
      if (target && seconds > target && shown <= target) shown = Math.floor(target) + 1;
      if (shown < 60) return { number: whole.format(shown), unit: texts.seconds };
    }
    let total = Math.round(seconds);
    if (target && seconds > target && total <= target) total = Math.floor(target) + 1;
    if (total < 3600) return { number: `${Math.floor(total / 60)}:${two(total % 60)}`, unit: texts.minutes };
    const minutes = Math.floor(total / 60);
    if (minutes < 48 * 60) return { number: `${Math.floor(minutes / 60)}:${two(minutes % 60)}`, unit: texts.hours };
    return { number: tenth.format(total / 86400), unit: texts.days };
  }

  function target(indicator) {
    if (typeof indicator.target !== 'number') return '';
    const sign = indicator.better === 'lower' ? '≤' : '≥';
    return `${sign} ${limit(indicator)}`;
  }

  /** A target as the standard wrote it: 85 %, not 85.0 %; 10 min, not 10:00 min. */
  function limit({ unit, target: amount }) {
    if (unit === 'ratio') return `${plain(amount * 100)}%`;
    if (unit === 'score' || unit.startsWith('per_')) return plain(amount);
    if (unit !== 'seconds') return whole.format(amount);
    if (amount >= 3600 && amount % 3600 === 0) return `${amount / 3600} ${texts.hours}`;
    if (amount >= 120 && amount % 60 === 0) return `${amount / 60} ${texts.minutes}`;
    return `${plain(amount)} ${texts.seconds}`;
  }

  /** The small print under a value: what it was counted from. */
  function counts(reading) {
    if (!reading || reading.value === null) return '';
    if (typeof reading.good === 'number') return `${whole.format(reading.good)} / ${whole.format(reading.of)}`;
    if (typeof reading.of !== 'number') return '';
    const cases = texts.cases(whole.format(reading.of));
    return typeof reading.p90 === 'number' ? `P90 ${text(duration(reading.p90))} (${whole.format(reading.of)})` : cases;
  }

  /** What the target still allows today, or by how much it has been overrun (`sayDay`: with the word for today); nothing where no number of misses would do. */
  function budget(reading, sayDay) {
    const left = reading?.budget?.left;
    if (typeof left !== 'number' || !reading.of) return '';
    return left >= 0 ? texts.toSpare(whole.format(left), sayDay) : texts.tooMany(whole.format(-left), sayDay);
  }

  /** Time left until a deadline, to the second within the last day; past it, with a minus. */
  function left(seconds) {
    const size = Math.abs(seconds);
    const shown = size < 86_400
      ? [Math.floor(size / 3600), two(Math.floor(size / 60) % 60), two(Math.floor(size) % 60)].join(':')
      : text({ number: tenth.format(size / 86_400), unit: texts.days });
    return (seconds < 0 ? '−' : '') + shown;
  }

  function windowName(window) {
    if (['now', 'interval15', 'interval30', 'today', 'week', 'month'].includes(window)) return texts[window];
    const parts = /^(\d+)([mhd])$/.exec(window);
    if (!parts) return window;
    const unit = { m: texts.minutes === '分' ? '分钟' : texts.minutes, h: texts.hours, d: texts.days }[parts[2]];
    return texts.last ? `${texts.last}${parts[1]}${unit}` : `${parts[1]} ${unit}`;
  }

  function age(seconds) {
    return text(duration(Math.max(0, Math.floor(seconds))));
  }

  const text = ({ number, unit }) => (unit === '%' ? number + unit : `${number} ${unit}`.trim());

  return { value, target, counts, budget, left, windowName, age, whole: (amount) => whole.format(amount), text };
}

/** Names in events are made for machines: `personal_services` reads better as `Personal services`. */
export function displayName(id) {
  const words = id.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const two = (n) => String(n).padStart(2, '0');
const plain = (n) => String(Number(n.toFixed(2)));
