// The readings as the server last told them: applies `board`, `delta` and `beat` frames to a map.

/** `breached(reading)` is called for each reading that was not breached when it was last told, and now is. */
export function makeBoard(breached = () => {}) {
  let readings = new Map();
  let position = null; // { epoch, revision }; null: nothing to resume from
  let asOf = NaN;

  /** False if the frame does not continue what is here. The readings stay: old values beat no values. */
  function apply(frame) {
    const before = readings;
    switch (frame.type) {
      case 'board':
        readings = new Map();
        break;
      case 'delta':
        if (position?.epoch !== frame.epoch || position.revision !== frame.from) return forget();
        for (const gone of frame.gone || []) readings.delete(keyOf(gone.indicator, gone.window, gone.scope));
        break;
      case 'beat':
        if (position?.epoch !== frame.epoch || position.revision !== frame.revision) return forget();
        break;
      default:
        return true; // a newer server may say more
    }
    for (const reading of frame.readings || []) {
      const key = keyOf(reading.indicator, reading.window, reading.scope);
      const old = before.get(key);
      readings.set(key, reading);
      if (reading.level === 'breached' && old && old.level !== 'breached') breached(reading);
    }
    position = { epoch: frame.epoch, revision: frame.revision };
    asOf = Date.parse(frame.as_of);
    return true;
  }

  function forget() {
    position = null;
    return false;
  }

  return {
    apply,
    forget,
    position: () => position,
    /** The time of the figures, in milliseconds; NaN before the first frame. */
    asOf: () => asOf,
    get: (indicator, window, scope) => readings.get(keyOf(indicator, window, scope)),
    /** Every value of `dimension` in scopes that are exactly `within` and that dimension. */
    members(dimension, within) {
      const found = new Set();
      const dimensions = Object.keys(within).length + 1;
      for (const { scope } of readings.values()) {
        if (Object.keys(scope).length !== dimensions || scope[dimension] === undefined) continue;
        if (Object.entries(within).every(([name, value]) => scope[name] === value)) found.add(scope[dimension]);
      }
      return [...found];
    },
  };
}

export function keyOf(indicator, window, scope) {
  return JSON.stringify([indicator, window, Object.entries(scope).sort()]);
}
