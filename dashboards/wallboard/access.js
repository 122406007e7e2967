// Who the page is to the service: the token of its wall, from the part of the address that no server and no log sees
// (`#token=fl_...`). It is kept for the tab, so that links to other centers need not carry it, and nowhere else.

const KEY = 'firstline-token';
export const ANSWER_MS_MAX = 8_000;
const token = readToken();

/** The service does not let the page in. `missing`: it has no token to show. */
export class Refused extends Error {
  constructor() {
    super('refused');
    this.missing = token === null;
  }
}

function readToken() {
  const said = new URLSearchParams(location.hash.slice(1)).get('token');
  try {
    if (said) sessionStorage.setItem(KEY, said);
    return said || sessionStorage.getItem(KEY);
  } catch {
    return said; // a browser that keeps nothing
  }
}

/** Fetches JSON with the token; throws `Refused` if that does not do. */
export async function fetchJson(path, options = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS_MAX), ...options, headers });
  if (answer.status === 401 || answer.status === 403) throw new Refused();
  if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
  return answer.json();
}

/** The address of a live connection, good for one: neither a WebSocket nor an EventSource can carry the token, so a ticket. */
export async function liveAddress(path) {
  const address = new URL(path, location.href);
  address.search = '';
  address.hash = '';
  if (token) address.searchParams.set('ticket', (await fetchJson('v1/ticket', { method: 'POST' })).ticket);
  return address;
}

// Another token, another page.
addEventListener('hashchange', () => location.reload());
