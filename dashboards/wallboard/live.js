// Connection to the live board: connects, subscribes, resumes and retries.

import { open } from './transport.js';

const SILENCE_MS_MAX = 5_000; // the server sends at least one frame per second
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
const SOCKET_FAILURES_MAX = 2; // after these, WebSocket and stream alternate

/** Requests the whole board if a frame is missing. `error` is set if the cause is known. */
export function follow({ subscription, board, onFrame, onDisconnect }) {
  let current = null; // `{ kind, opened, close }`; callbacks of earlier attempts are ignored
  let lastKind = null;
  let socketFailures = 0; // consecutive WebSockets that never opened
  let failures = 0;
  let watchdog = 0;
  let retry = 0;

  async function connect() {
    clearTimeout(retry);
    const blocked = socketFailures >= SOCKET_FAILURES_MAX && lastKind === 'socket';
    const kind = blocked ? 'stream' : 'socket';
    const attempt = (current = { kind, opened: false, close: null });
    lastKind = kind;
    const ifCurrent = (handle) => (data) => attempt === current && handle(data);
    watch();
    try {
      const close = await open(kind, greeting, {
        onOpen: ifCurrent(opened),
        onMessage: ifCurrent(receive),
        onClose: ifCurrent(() => disconnect()),
      });
      if (attempt === current) attempt.close = close;
      else close();
    } catch (error) {
      if (attempt === current) disconnect(error);
    }
  }

  function greeting() {
    const resume = board.position();
    return resume ? { subscribe: subscription, resume } : { subscribe: subscription };
  }

  function opened() {
    current.opened = true;
    if (current.kind === 'socket') socketFailures = 0;
  }

  function receive(text) {
    watch();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      board.forget();
      return disconnect();
    }
    if (!board.apply(frame)) return disconnect();
    failures = 0;
    onFrame(frame);
  }

  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => disconnect(), SILENCE_MS_MAX);
  }

  /** Does not wait for the close event, because a dead network never sends one. */
  function disconnect(error) {
    clearTimeout(watchdog);
    clearTimeout(retry);
    const old = current;
    current = null;
    if (old.kind === 'socket' && !old.opened && !error) socketFailures += 1;
    old.close?.();
    const pause = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures);
    failures = Math.min(failures + 1, 10);
    retry = setTimeout(connect, Math.max(RETRY_MS_MIN, pause * (0.5 + Math.random() / 2)));
    onDisconnect(error);
  }

  addEventListener('online', () => {
    if (current === null) connect();
  });
  connect();
}
