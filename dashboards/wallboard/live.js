// The connection to `/v1/live`: connect, subscribe, resume after a break, notice silence, try again.
// It knows nothing of readings: `board` applies frames and says where it stands.

const SILENCE_MS_MAX = 5_000; // the server speaks at least once a second
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/**
 * Follows the board for as long as the page lives.
 * `board.apply(frame)` answers false when a change is missing; then the whole board is asked for.
 * `heard(frame)` is called after each applied frame, `lost()` when a connection ends.
 */
export function follow({ subscription, board, heard, lost }) {
  let socket = null;
  let failures = 0;
  let watchdog = 0;
  let retry = 0;

  function connect() {
    clearTimeout(retry);
    const address = new URL('v1/live', location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    address.search = '';
    address.hash = '';
    socket = new WebSocket(address);
    const mine = socket;
    const ours = (handle) => (event) => mine === socket && handle(event);
    socket.onopen = ours(greet);
    socket.onmessage = ours((event) => receive(event.data));
    socket.onclose = ours(giveUp);
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
    watchdog = setTimeout(giveUp, SILENCE_MS_MAX);
  }

  /** Drops the connection without waiting for it to close: a dead network never says so. */
  function giveUp() {
    clearTimeout(watchdog);
    clearTimeout(retry);
    const old = socket;
    socket = null;
    old?.close();
    const pause = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures);
    failures = Math.min(failures + 1, 10);
    retry = setTimeout(connect, Math.max(RETRY_MS_MIN, pause * (0.5 + Math.random() / 2)));
    lost();
  }

  addEventListener('online', () => {
    if (socket === null) connect();
  });
  connect();
}
