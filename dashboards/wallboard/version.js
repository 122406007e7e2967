// A wall stays for months: after an upgrade it takes the new page by itself, but only when all of it can be had, so that it
// never reloads into an error.

import { ANSWER_MS_MAX } from './access.js';

const KEY = 'firstline-page';
const HEADER = 'x-firstline-page';

/** The version of the page's files that this page was made of; the service writes it into its HTML. */
const own = document.querySelector('meta[name=page-version]')?.content;

/** Looks whether the service has another page, and takes it. To be called after every break and now and then. */
export async function renewPage() {
  try {
    const there = await ask('./', { method: 'HEAD' });
    const version = there.headers.get(HEADER);
    // Something in between may keep an old page for the new one: once is enough for each version.
    if (!own || !version || version === own || sessionStorage.getItem(KEY) === version) return;
    const html = await ask('./', { cache: 'reload' });
    const named = [...new DOMParser().parseFromString(await html.text(), 'text/html').querySelectorAll('script[src], link[href]')];
    const files = named.map((node) => node.getAttribute('src') ?? node.getAttribute('href'));
    const fetched = [html, ...await Promise.all(files.map((name) => ask(name, { cache: 'reload' })))];
    if (fetched.some((answer) => answer.headers.get(HEADER) !== version)) return; // in the middle of an upgrade
    sessionStorage.setItem(KEY, version);
    location.reload();
  } catch {
    // The page at hand is better than none; the next look comes.
  }
}

async function ask(address, options) {
  const answer = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS_MAX), ...options });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer;
}
