// Reloads the page after an upgrade, once all of its new files can be fetched.

import { RESPONSE_MS_MAX } from './access.js';

const KEY = 'firstline-page';
const HEADER = 'x-firstline-page';
const own = document.querySelector('meta[name=page-version]')?.content;

export async function renewPage() {
  try {
    const version = (await request('./', { method: 'HEAD' })).headers.get(HEADER);
    // One reload per version: a cache may still deliver the old page.
    if (!own || !version || version === own || sessionStorage.getItem(KEY) === version) return;
    const html = await request('./', { cache: 'reload' });
    const page = new DOMParser().parseFromString(await html.text(), 'text/html');
    const files = [...page.querySelectorAll('script[src], link[href]')]
      .map((node) => node.getAttribute('src') ?? node.getAttribute('href'));
    const fetched = await Promise.all(files.map((name) => request(name, { cache: 'reload' })));
    // The versions differ during an upgrade.
    if ([html, ...fetched].some(({ headers }) => headers.get(HEADER) !== version)) return;
    sessionStorage.setItem(KEY, version);
    location.reload();
  } catch {
    // Tried again later.
  }
}

async function request(address, options) {
  const signal = AbortSignal.timeout(RESPONSE_MS_MAX);
  const response = await fetch(address, { cache: 'no-store', signal, ...options });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response;
}
