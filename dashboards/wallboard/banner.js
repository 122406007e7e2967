// Banner for problems of the display itself: authentication, connection, clock.

import { AuthenticationError } from './access.js';
import { setAttribute, setText } from './dom.js';

const $ = (id) => document.getElementById(id);

/** `count` changes every second, so screen readers skip it. */
export function showBanner(text, count = '') {
  document.body.dataset.banner = '';
  setText($('banner-text'), text);
  setText($('banner-count'), count);
  setAttribute($('banner'), 'hidden', false);
}

export function hideBanner() {
  delete document.body.dataset.banner;
  setAttribute($('banner'), 'hidden', true);
}

/** Null for other errors. */
export function authenticationText(error, texts) {
  if (!(error instanceof AuthenticationError)) return null;
  return error.tokenMissing ? texts.tokenMissing : texts.tokenRefused;
}
