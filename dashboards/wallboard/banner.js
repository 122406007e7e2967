// The one line that says what is wrong with the board itself: not let in, cut off, standing still, a clock that was set.

import { Refused } from './access.js';
import { setAttribute, setText } from './dom.js';

const $ = (id) => document.getElementById(id);

/** `count` ticks, so it is not read aloud. */
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

/** What to say if the service does not let the page in; null if that is not it. */
export function refusal(error, texts) {
  if (!(error instanceof Refused)) return null;
  return error.missing ? texts.tokenMissing : texts.tokenRefused;
}
