// What time it is at the server, told by the figures themselves. A television's own clock may be minutes off or
// jump, so only its ticking is trusted.

const LEAK = 1 / 3_600; // the ticking may run fast by so much: what is learned fades by a second an hour

export function makeClock() {
  let offset = null; // server time minus our ticking, in milliseconds
  let learnedAt = 0;

  return {
    /** No figure comes from the future, so the newest ever seen tells the time, and older ones their age. */
    atLeast(time) {
      const ticking = performance.now();
      const faded = offset === null ? -Infinity : offset - (ticking - learnedAt) * LEAK;
      if (!Number.isNaN(time)) [offset, learnedAt] = [Math.max(time - ticking, faded), ticking];
    },
    now: () => (offset === null ? Date.now() : offset + performance.now()),
  };
}

/** `14:02:09` and `Sun 1 Mar` in the organisation's own time zone. */
export function makeWallTime(lang, timeZone) {
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB';
  const make = (options) => {
    try {
      return new Intl.DateTimeFormat(locale, { ...options, timeZone });
    } catch {
      return new Intl.DateTimeFormat(locale, options); // a zone this browser does not know
    }
  };
  const time = make({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const date = make({ weekday: 'short', day: 'numeric', month: 'short' });
  return { time: (at) => time.format(at), date: (at) => date.format(at) };
}
