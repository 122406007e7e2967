// Settings of a display, all from its address. `configure.html` writes such addresses.

/** Pages that are not a center's. A center of the same name needs `center=`. */
const KINDS = ['overview', 'ranking'];
const EVERY_S = { min: 3, usual: 20, max: 3_600 };
const PAGES_MAX = 50;
const RENAMED = { counter_in_time: 'desk_in_time' };

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
    every: Math.min(Math.max(every, EVERY_S.min), EVERY_S.max),
    lang: oneOf(query.get('lang'), ['en', 'zh']) ?? usual,
    theme: oneOf(query.get('theme'), ['dark', 'light', 'auto']) ?? 'dark',
    window: query.get('window') || '30m',
    tiles: list(query.get('tiles')).map(currentName),
    rank: currentName(query.get('rank')) || null,
    first: oneOf(query.get('first'), ['worst', 'best']) ?? 'worst',
    sound: query.get('sound') === 'on',
  };
}

/** Returns `{ kind, center }` for each page; `center` is null for other kinds. */
function readPages(query) {
  const names = list(query.get('pages')).concat(list(query.get('page'))).slice(0, PAGES_MAX);
  const pageOf = (name) => (KINDS.includes(name) ? { kind: name, center: null } : centerPage(name));
  if (names.length) return [...new Set(names)].map(pageOf);
  const center = query.get('center');
  return [center ? centerPage(center) : { kind: 'overview', center: null }];
}

/** Address of a center's page, or of the overview for null, with all other settings kept. */
export function addressOf(center, search) {
  const query = new URLSearchParams(search);
  for (const name of ['page', 'pages', 'every', 'center']) query.delete(name);
  if (center !== null) query.set('center', center);
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : '');
}

function currentName(name) {
  const renamed = RENAMED[name];
  if (renamed) console.warn(`Indicator ${name} was renamed to ${renamed}; change the address.`);
  return renamed ?? name;
}

const centerPage = (center) => ({ kind: 'center', center });
const oneOf = (value, known) => (known.includes(value) ? value : null);
const list = (text) => (text || '').split(',').map((name) => name.trim()).filter(Boolean);
