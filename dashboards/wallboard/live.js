// The connection to `/v1/live`: connect, subscribe, resume after a break, notice silence, try again.
// It knows nothing of readings: `board` applies frames and says where it stands.

import { liveAddress } from './access.js';

const SILENCE_MS_MAX = 5_000; // the server speaks at least once a second
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/**
 * Follows the board for as long as the page lives.
 * `board.apply(frame)` answers false when a change is missing; then the whole board is asked for.
 * `heard(frame)` is called after each applied frame, `lost(error)` when a connection ends or cannot be made; the error says
 * why, where that is known.
 */
export function follow({ subscription, board, heard, lost }) {
  let socket = null;
  let trial = null; // what tells this attempt from those given up
  let failures = 0;
  let watchdog = 0;
  let retry = 0;

  async function connect() {
    clearTimeout(retry);
    const mine = (trial = {});
    let address;
    try {
      address = await liveAddress();
    } catch (error) {
      return mine === trial && giveUp(error);
    }
    if (mine !== trial) return;
    socket = new WebSocket(address);
    const ours = (handle) => (event) => mine === trial && handle(event);
    socket.onopen = ours(greet);
    socket.onmessage = ours((event) => receive(event.data));
    socket.onclose = ours(() => giveUp());
    watch();
  }

  function greet() {
    const resume = board.position();
    socket.send(JSON.stringify(resume ? { subscribe: subscription, resume } : { subscribe: subscription }));
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
    const old = socket;
    socket = null;
    trial = null;
    old?.close();
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
