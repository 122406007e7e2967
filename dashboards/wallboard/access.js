// Access token, read from the fragment of the address (`#token=fl_...`), which is sent to no
// server. sessionStorage keeps it for links to other centers.

const KEY = 'firstline-token';
export const RESPONSE_MS_MAX = 8_000;
const token = readToken();

export class AuthenticationError extends Error {
  constructor() {
    super('authentication required');
    this.tokenMissing = token === null;
  }
}

function readToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  try {
    if (given) sessionStorage.setItem(KEY, given);
    return given || sessionStorage.getItem(KEY);
  } catch {
    return given; // the browser allows no storage
  }
}

/** Fetches JSON; throws `AuthenticationError` on status 401 and 403. */
export async function fetchJson(path, options = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const signal = AbortSignal.timeout(RESPONSE_MS_MAX);
  const response = await fetch(path, { cache: 'no-store', signal, ...options, headers });
  if (response.status === 401 || response.status === 403) throw new AuthenticationError();
  if (!response.ok) {
    throw Object.assign(new Error(`status ${response.status}`), { status: response.status });
  }
  return response.json();
}

/** Address of a live connection, with a single-use ticket: these cannot carry a token. */
export async function liveAddress(path) {
  const address = new URL(path, location.href);
  address.search = '';
  address.hash = '';
  if (token) {
    const { ticket } = await fetchJson('v1/ticket', { method: 'POST' });
    address.searchParams.set('ticket', ticket);
  }
  return address;
}

addEventListener('hashchange', () => location.reload());
