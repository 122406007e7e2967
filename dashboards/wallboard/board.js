// The latest published board: applies `board`, `delta` and `beat` frames to a map of readings.

/** `onBreach(reading)` runs for each reading that changes to breached. */
export function makeBoard(onBreach = () => {}) {
  let readings = new Map();
  let position = null; // `{ epoch, revision }` to resume from
  let asOf = NaN;

  /** Returns false if the frame does not follow the last one. Readings are kept meanwhile. */
  function apply(frame) {
    const before = readings;
    switch (frame.type) {
      case 'board':
        readings = new Map();
        break;
      case 'delta':
        if (!continues(frame.epoch, frame.from)) return forget();
        for (const gone of frame.gone || []) {
          readings.delete(keyOf(gone.indicator, gone.window, gone.scope));
        }
        break;
      case 'beat':
        if (!continues(frame.epoch, frame.revision)) return forget();
        break;
      default:
        return true; // sent by a newer server
    }
    for (const reading of frame.readings || []) {
      const key = keyOf(reading.indicator, reading.window, reading.scope);
      const old = before.get(key);
      readings.set(key, reading);
      if (reading.level === 'breached' && old && old.level !== 'breached') onBreach(reading);
    }
    position = { epoch: frame.epoch, revision: frame.revision };
    asOf = Date.parse(frame.as_of);
    return true;
  }

  const continues = (epoch, revision) =>
    position?.epoch === epoch && position.revision === revision;

  function forget() {
    position = null;
    return false;
  }

  return {
    apply,
    forget,
    position: () => position,
    /** In ms; NaN before the first frame. */
    asOf: () => asOf,
    get: (indicator, window, scope) => readings.get(keyOf(indicator, window, scope)),
    /** Values of `dimension` in scopes that consist of `within` and that dimension. */
    members(dimension, within) {
      const found = new Set();
      const dimensions = Object.keys(within).length + 1;
      for (const { scope } of readings.values()) {
        if (Object.keys(scope).length !== dimensions || scope[dimension] === undefined) continue;
        if (Object.entries(within).every(([name, value]) => scope[name] === value)) {
          found.add(scope[dimension]);
        }
      }
      return [...found];
    },
  };
}

export function keyOf(indicator, window, scope) {
  return JSON.stringify([indicator, window, Object.entries(scope).sort()]);
}
