// The connection to the live board: connect, subscribe, resume after a break, notice silence, try again.
// It knows nothing of readings: `board` applies frames and says where it stands.

import { open } from './transport.js';

const SILENCE_MS_MAX = 5_000; // the server speaks at least once a second
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
const SHUT_MAX = 2; // WebSockets that never opened, before every second attempt is a stream

/**
 * Follows the board for as long as the page lives.
 * `board.apply(frame)` answers false when a change is missing; then the whole board is asked for.
 * `heard(frame)` is called after each applied frame, `lost(error)` when a connection ends or cannot be made; the error says
 * why, where that is known.
 */
export function follow({ subscription, board, heard, lost }) {
  let trial = null; // the attempt or connection that counts: `{ kind, opened, close }`
  let last = null; // the kind of the last one
  let shut = 0; // WebSockets in a row that never opened
  let failures = 0;
  let watchdog = 0;
  let retry = 0;

  async function connect() {
    clearTimeout(retry);
    const mine = (trial = { kind: shut >= SHUT_MAX && last === 'socket' ? 'stream' : 'socket', opened: false, close: null });
    last = mine.kind;
    const ours = (handle) => (said) => mine === trial && handle(said);
    watch();
    try {
      const close = await open(mine.kind, greeting, { opened: ours(opened), said: ours(receive), ended: ours(() => giveUp()) });
      if (mine === trial) mine.close = close;
      else close();
    } catch (error) {
      if (mine === trial) giveUp(error);
    }
  }

  function greeting() {
    const resume = board.position();
    return resume ? { subscribe: subscription, resume } : { subscribe: subscription };
  }

  function opened() {
    trial.opened = true;
    if (trial.kind === 'socket') shut = 0;
  }

  function receive(text) {
    watch();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      board.forget();
      return giveUp();
    }
    if (!board.apply(frame)) return giveUp();
    failures = 0;
    heard(frame);
  }

  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => giveUp(), SILENCE_MS_MAX);
  }

  /** Drops the connection without waiting for it to close: a dead network never says so. */
  function giveUp(error) {
    clearTimeout(watchdog);
    clearTimeout(retry);
    const old = trial;
    trial = null;
    if (old.kind === 'socket' && !old.opened && !error) shut += 1;
    old.close?.();
    const pause = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures);
    failures = Math.min(failures + 1, 10);
    retry = setTimeout(connect, Math.max(RETRY_MS_MIN, pause * (0.5 + Math.random() / 2)));
    lost(error);
  }

  addEventListener('online', () => {
    if (trial === null) connect();
  });
  connect();
}
