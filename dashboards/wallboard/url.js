// The settings of a board, all from its address, so that a wall is set up by a bookmark. `build.html` writes such addresses.

/** The pages that are no center's. A center of one of these names is reached by `center=`. */
const KINDS = ['overview', 'ranking'];

const EVERY_S = { least: 3, usual: 20, most: 3_600 };
const PAGES_MAX = 50;

/**
 * `?center=hefei&lang=zh&theme=light&window=30m&tiles=answer_rate,calls_waiting`, or
 * `?pages=overview,ranking,hefei&every=20&sound=on&rank=answer_rate&first=best`.
 */
export function readSettings(search, languages) {
  const query = new URLSearchParams(search);
  const usual = /^zh\b/i.test(languages[0] || '') ? 'zh' : 'en';
  const every = Number(query.get('every')) || EVERY_S.usual;
  return {
    pages: readPages(query),
    every: Math.min(Math.max(every, EVERY_S.least), EVERY_S.most),
    lang: oneOf(query.get('lang'), ['en', 'zh']) ?? usual,
    theme: oneOf(query.get('theme'), ['dark', 'light', 'auto']) ?? 'dark',
    window: query.get('window') || '30m',
    tiles: list(query.get('tiles')),
    rank: query.get('rank') || null,
    first: oneOf(query.get('first'), ['worst', 'best']) ?? 'worst',
    sound: query.get('sound') === 'on',
  };
}

/** Each `{ kind, center }`; `center` is null unless the kind is `center`. */
function readPages(query) {
  const named = list(query.get('pages')).concat(list(query.get('page'))).slice(0, PAGES_MAX);
  const pages = [...new Set(named)].map((name) => (KINDS.includes(name) ? { kind: name, center: null } : centerPage(name)));
  if (pages.length) return pages;
  return [query.get('center') ? centerPage(query.get('center')) : { kind: 'overview', center: null }];
}

/** The address of another center's board, or of the overview (`null`), with everything else as it is. */
export function addressOf(center, search) {
  const query = new URLSearchParams(search);
  for (const name of ['page', 'pages', 'every', 'center']) query.delete(name);
  if (center !== null) query.set('center', center);
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : '');
}

const centerPage = (center) => ({ kind: 'center', center });
const oneOf = (asked, known) => (known.includes(asked) ? asked : null);
const list = (text) => (text || '').split(',').map((name) => name.trim()).filter(Boolean);
