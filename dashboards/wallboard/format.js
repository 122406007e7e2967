// Formats values. Rounding never contradicts the status: a breached 84.97 % is not 85.0 %.

const DASH = '—';
const NAMED_WINDOWS = ['now', 'interval15', 'interval30', 'today', 'week', 'month'];

export function makeFormat(lang, texts) {
  const numbers = (digits) => new Intl.NumberFormat(lang, {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  const [whole, tenth, hundredth] = [0, 1, 2].map(numbers);

  /** Returns `{ number, unit }`, rounded away from the target if rounding would cross it. */
  function value(indicator, amount) {
    if (typeof amount !== 'number') return { number: DASH, unit: '' };
    const { target, better, unit } = indicator;
    if (indicator.kind === 'difference') return difference(unit, amount);
    if (unit === 'score' || unit.startsWith('per_')) {
      return { number: hundredth.format(amount), unit: '' };
    }
    if (unit === 'ratio') return { number: percent(amount, target, better), unit: '%' };
    if (unit === 'points') return { number: points(amount, target, better), unit: '' };
    if (unit === 'seconds') return duration(amount, target);
    return { number: (Number.isInteger(amount) ? whole : tenth).format(amount), unit: '' };
  }

  /** Signed. A difference of two percentages is in percentage points. */
  function difference(unit, amount) {
    const sign = amount > 0 ? '+' : amount < 0 ? '−' : '';
    if (unit === 'ratio') return { number: sign + tenth.format(Math.abs(amount) * 100), unit: '' };
    const size = value({ unit }, Math.abs(amount));
    return { number: sign + size.number, unit: size.unit };
  }

  function percent(amount, target, better) {
    if (amount === 1 || amount === 0) return whole.format(amount * 100);
    const tenths = roundedTenths(100, amount, target, better);
    return tenth.format(Math.min(999, Math.max(1, tenths)) / 10);
  }

  /** Points of a Net Promoter Score, -100 to 100. */
  function points(amount, target, better) {
    const tenths = roundedTenths(1, amount, target, better);
    return (tenths < 0 ? '−' : '') + tenth.format(Math.abs(tenths) / 10);
  }

  function roundedTenths(scale, amount, target, better) {
    const tenths = Math.round(amount * scale * 10);
    if (typeof target !== 'number') return tenths;
    const limit = Math.round(target * scale * 10);
    if (better === 'higher' && amount < target && tenths >= limit) return limit - 1;
    if (better === 'lower' && amount > target && tenths <= limit) return limit + 1;
    return tenths;
  }

  function duration(seconds, target) {
    let total = Math.round(seconds);
    if (target && seconds > target && total <= target) total = Math.floor(target) + 1;
    if (total < 60) return { number: whole.format(total), unit: texts.seconds };
    if (total < 3600) {
      return { number: `${Math.floor(total / 60)}:${pad(total % 60)}`, unit: texts.minutes };
    }
    const minutes = Math.floor(total / 60);
    if (minutes < 48 * 60) {
      return { number: `${Math.floor(minutes / 60)}:${pad(minutes % 60)}`, unit: texts.hours };
    }
    return { number: tenth.format(total / 86400), unit: texts.days };
  }

  function target(indicator) {
    if (typeof indicator.target !== 'number') return '';
    return `${indicator.better === 'lower' ? '≤' : '≥'} ${limit(indicator)}`;
  }

  /** As written in the standard: 85 %, not 85.0 %; 10 min, not 10:00 min. */
  function limit({ unit, target: amount }) {
    if (unit === 'ratio') return `${short(amount * 100)}%`;
    if (unit === 'points') return short(amount).replace('-', '−');
    if (unit === 'score' || unit.startsWith('per_')) return short(amount);
    if (unit !== 'seconds') return short(amount);
    if (amount >= 3600 && amount % 3600 === 0) return `${amount / 3600} ${texts.hours}`;
    if (amount >= 120 && amount % 60 === 0) return `${amount / 60} ${texts.wholeMinutes}`;
    return `${short(amount)} ${texts.seconds}`;
  }

  function counts(reading) {
    if (!reading || reading.value === null || typeof reading.of !== 'number') return '';
    const { good, of, p90 } = reading;
    if (typeof good === 'number') return `${whole.format(good)} / ${whole.format(of)}`;
    if (typeof p90 === 'number') return texts.p90(text(duration(p90)), whole.format(of));
    return texts.cases(whole.format(of));
  }

  function budget(reading) {
    const left = reading?.budget?.left;
    if (typeof left !== 'number' || !reading.of) return '';
    const size = whole.format(Math.abs(left));
    return left >= 0 ? texts.budgetLeft(size) : texts.overBudget(size);
  }

  /** Time until a deadline, negative when overdue. Shows seconds within the last day. */
  function left(seconds) {
    const size = Math.abs(seconds);
    const [hours, minutes] = [3600, 60].map((unit) => Math.floor(size / unit));
    const parts = [hours, pad(minutes % 60), pad(Math.floor(size) % 60)];
    const days = { number: tenth.format(size / 86_400), unit: texts.days };
    return (seconds < 0 ? '−' : '') + (size < 86_400 ? parts.join(':') : text(days));
  }

  function windowName(window) {
    if (NAMED_WINDOWS.includes(window)) return texts[window];
    const parts = /^(\d+)([mhd])$/.exec(window);
    if (!parts) return window;
    const unit = { m: texts.wholeMinutes, h: texts.hours, d: texts.days }[parts[2]];
    return `${texts.last}${parts[1]} ${unit}`;
  }

  const age = (seconds) => text(duration(Math.max(0, Math.floor(seconds))));
  const text = ({ number, unit }) => (unit === '%' ? number + unit : `${number} ${unit}`.trim());

  return {
    value, target, counts, budget, left, windowName, age, text,
    whole: (amount) => whole.format(amount),
  };
}

/** `personal_services` as `Personal services`. */
export function displayName(id) {
  const words = id.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const join = (...parts) => parts.filter(Boolean).join(' · ');

const pad = (n) => String(n).padStart(2, '0');
const short = (n) => String(Number(n.toFixed(2)));
