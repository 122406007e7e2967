// The settings of a board, all from its address, so that a wall is set up by a bookmark.

/** `?center=hefei&lang=zh&theme=light&window=30m&tiles=answer_rate,calls_waiting` */
export function readSettings(search, languages) {
  const query = new URLSearchParams(search);
  const asked = query.get('lang');
  const usual = /^zh\b/i.test(languages[0] || '') ? 'zh' : 'en';
  return {
    center: query.get('center') || null,
    lang: asked === 'en' || asked === 'zh' ? asked : usual,
    theme: query.get('theme') === 'light' ? 'light' : 'dark',
    window: query.get('window') || '30m',
    tiles: (query.get('tiles') || '').split(',').map((name) => name.trim()).filter(Boolean),
  };
}

/** The address of another center's board, or of the overview (`null`), with everything else as it is. */
export function addressOf(center, search) {
  const query = new URLSearchParams(search);
  if (center === null) query.delete('center');
  else query.set('center', center);
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : '');
}
