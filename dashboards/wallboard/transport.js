// The two ways to the live board: a WebSocket, and Server-Sent Events where something between here and the service lets no
// WebSocket through. Both bring the same frames as texts.

import { liveAddress } from './access.js';

/** Opens `kind`, `socket` or `stream`; `hooks` are `opened()`, `said(text)`, `ended()`. Answers how to close it. */
export async function open(kind, greeting, hooks) {
  return kind === 'socket' ? openSocket(greeting, hooks) : openStream(greeting, hooks);
}

async function openSocket(greeting, { opened, said, ended }) {
  const address = await liveAddress('v1/live');
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  socket.onopen = () => {
    opened();
    socket.send(JSON.stringify(greeting()));
  };
  socket.onmessage = (event) => said(event.data);
  socket.onclose = ended;
  return () => socket.close();
}

/** An EventSource would come back by itself, with a ticket that is used up: so it is closed at its first error. */
async function openStream(greeting, { opened, said, ended }) {
  const address = await liveAddress('v1/stream');
  for (const [name, value] of Object.entries(greeting())) address.searchParams.set(name, JSON.stringify(value));
  const source = new EventSource(address);
  source.onopen = opened;
  source.onmessage = (event) => said(event.data);
  source.onerror = ended;
  return () => source.close();
}
