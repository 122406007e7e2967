// Live transports: WebSocket, and Server-Sent Events where a proxy blocks WebSockets.

import { liveAddress } from './access.js';

/** `kind` is `socket` or `stream`. Resolves to a function that closes the connection. */
export async function open(kind, greeting, hooks) {
  return kind === 'socket' ? openSocket(greeting, hooks) : openStream(greeting, hooks);
}

async function openSocket(greeting, { onOpen, onMessage, onClose }) {
  const address = await liveAddress('v1/live');
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  socket.onopen = () => {
    onOpen();
    socket.send(JSON.stringify(greeting()));
  };
  socket.onmessage = (event) => onMessage(event.data);
  socket.onclose = onClose;
  return () => socket.close();
}

/** `onerror` must close the stream: an EventSource would reconnect with its used ticket. */
async function openStream(greeting, { onOpen, onMessage, onClose }) {
  const address = await liveAddress('v1/stream');
  for (const [name, value] of Object.entries(greeting())) {
    address.searchParams.set(name, JSON.stringify(value));
  }
  const source = new EventSource(address);
  source.onopen = onOpen;
  source.onmessage = (event) => onMessage(event.data);
  source.onerror = onClose;
  return () => source.close();
}
