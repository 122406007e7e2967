// Server time, estimated from the figures. A display's own clock may be wrong or jump, so only
// its monotonic timer is used.

const DRIFT = 1 / 3_600; // corrects a timer that runs fast by up to one second per hour

export function makeClock() {
  let offset = null; // server time minus monotonic time, in ms
  let updatedAt = 0;

  return {
    /** Figures are never from the future, so the newest time received is a lower bound. */
    advanceTo(time) {
      const timer = performance.now();
      const bound = offset === null ? -Infinity : offset - (timer - updatedAt) * DRIFT;
      if (!Number.isNaN(time)) [offset, updatedAt] = [Math.max(time - timer, bound), timer];
    },
    now: () => (offset === null ? Date.now() : offset + performance.now()),
  };
}

/** Formats times as `14:02:09` and dates as `Sun 1 Mar`, in the standard's time zone. */
export function makeLocalTime(lang, timeZone) {
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB';
  const make = (options) => {
    try {
      return new Intl.DateTimeFormat(locale, { ...options, timeZone });
    } catch {
      return new Intl.DateTimeFormat(locale, options); // the browser does not know the zone
    }
  };
  const time = make({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const date = make({ weekday: 'short', day: 'numeric', month: 'short' });
  /** As `14:02`, with the date unless it is that of `now`. */
  const moment = (at, now) => {
    const [day, minutes] = [date.format(at), time.format(at).slice(0, 5)];
    return day === date.format(now) ? minutes : `${day} ${minutes}`;
  };
  return { time: (at) => time.format(at), date: (at) => date.format(at), moment };
}
