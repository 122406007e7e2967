// A form that makes the address of a wall, from the standard in force and the centers on the board, and shows that wall in small.

import { fetchJson, Refused } from './access.js';
import { TEXTS } from './build.texts.js';
import { el, setAttribute, setText, setVariable } from './dom.js';
import { displayName, makeFormat } from './format.js';
import { readSettings } from './url.js';

const WALL_WIDTH = 1_920; // of the screen that the preview is, in pixels
const PREVIEW_MS = 300; // so long after the last change it is loaded anew

const usual = readSettings(location.search, navigator.languages);
const words = TEXTS[usual.lang];
const { texts } = await import(`./texts.${usual.lang}.js`);
const $ = (id) => document.getElementById(id);

document.documentElement.lang = usual.lang === 'zh' ? 'zh-CN' : 'en';
document.title = `${words.title} · firstline`;
setText($('heading'), words.title);
setText($('about'), words.about);
try {
  const [standard, board] = await Promise.all([fetchJson('v1/standard'), fetchJson('v1/board?by=center&window=now')]);
  show(standard, [...new Set(board.readings.map(({ scope }) => scope.center))].filter(Boolean).sort());
} catch (error) {
  $('main').append(el('p', { class: 'problem', role: 'alert' }, error instanceof Refused ? words.refused : words.noAnswer));
}

function show(standard, centers) {
  const format = makeFormat(usual.lang, texts);
  const titleOf = (indicator) => indicator.title?.[usual.lang] ?? indicator.title?.en ?? indicator.name;
  const indicators = standard.indicators.map((indicator) => [indicator.name, titleOf(indicator)]);
  const windows = standard.windows.map((window) => [window, format.windowName(window)]);
  const pages = [['overview', texts.overview], ['ranking', texts.ranking], ...centers.map((center) => [center, displayName(center)])];
  const form = el('form', {},
    group(words.pages, words.pagesSmall, choices('page', 'checkbox', pages, ['overview']),
      el('p', {}, el('label', {}, el('input', { type: 'number', name: 'every', min: 3, max: 3600, value: usual.every }), words.every))),
    el('div', { class: 'two' },
      group(words.language, '', choices('lang', 'radio', [['en', 'English'], ['zh', '中文']], [usual.lang])),
      group(words.theme, '', choices('theme', 'radio', Object.entries(words.themes), [usual.theme])),
      group(words.window, '', menu('window', words.window, windows, windows.some(([name]) => name === usual.window) ? usual.window : windows[0]?.[0])),
      group(words.sound, '', choices('sound', 'checkbox', [['on', words.soundOn]], []))),
    group(words.rank, '', el('p', { class: 'row' }, menu('rank', words.rank, indicators, 'answer_rate'),
      choices('first', 'radio', Object.entries(words.first), ['worst']))),
    group(words.tiles, words.tilesSmall, choices('tile', 'checkbox', indicators, []), 'many'));
  const address = el('a', { id: 'address', target: '_blank', rel: 'noopener' });
  const copy = el('button', { type: 'button' }, words.copy);
  copy.addEventListener('click', () => navigator.clipboard?.writeText(address.href).then(() => setText(copy, words.copied)).catch(() => {}));
  const result = el('section', { class: 'result', 'aria-label': words.address },
    el('p', { class: 'row' }, el('strong', {}, words.address), ...(navigator.clipboard ? [copy] : [])), el('p', {}, address), el('p', {}, words.token));
  const preview = makePreview();
  const write = () => {
    const query = queryOf(new FormData(form))?.toString().replaceAll('%2C', ',') ?? null; // commas are easier to read
    preview.show(query);
    setText(address, query === null ? words.noPage : `${location.origin}/?${query}`);
    if (query === null) address.removeAttribute('href');
    else address.href = `/?${query}`;
    setText(copy, words.copy);
  };
  form.addEventListener('input', write);
  form.addEventListener('submit', (event) => event.preventDefault());
  $('main').append(form, el('div', { class: 'side' }, preview.node, result));
  write();
}

/** The wall itself, as large as a wall and drawn small; nothing can be pressed in it, and it makes no sound. */
function makePreview() {
  const frame = el('iframe', { title: words.preview, inert: '' });
  const node = el('figure', { class: 'preview' }, frame);
  let shown = null;
  let soon = 0;
  new ResizeObserver(([{ contentRect }]) => setVariable(frame, '--scale', contentRect.width / WALL_WIDTH)).observe(node);

  function show(query) {
    const wanted = query?.replace('&sound=on', '') ?? null;
    if (wanted === shown) return;
    shown = wanted;
    clearTimeout(soon);
    // Replaced, so that the way back leads out of this page and not through all that was tried.
    if (wanted !== null) soon = setTimeout(() => frame.contentWindow.location.replace(`/?${wanted}`), PREVIEW_MS);
    setAttribute(node, 'hidden', wanted === null);
  }

  return { node, show };
}

/** What differs from the usual, and always the language; null without a page. */
function queryOf(data) {
  const pages = data.getAll('page');
  if (pages.length === 0) return null;
  const query = new URLSearchParams({ pages: pages.join(',') });
  const several = pages.length > 1;
  if (several) query.set('every', data.get('every') || '20');
  query.set('lang', data.get('lang'));
  query.set('window', data.get('window'));
  if (data.get('theme') !== 'dark') query.set('theme', data.get('theme'));
  if (pages.includes('ranking')) for (const name of ['rank', 'first']) query.set(name, data.get(name));
  if (data.getAll('tile').length) query.set('tiles', data.getAll('tile').join(','));
  if (data.get('sound')) query.set('sound', 'on');
  return query;
}

function group(title, small, content, more) {
  const legend = el('legend', {}, title, ...(small ? [el('small', {}, small)] : []));
  return el('fieldset', typeof more === 'string' ? { class: more } : {}, legend, content, ...(more instanceof Node ? [more] : []));
}

function choices(name, type, pairs, chosen) {
  return el('span', { class: 'choices' }, ...pairs.map(([value, text]) =>
    el('label', {}, el('input', { type, name, value, ...(chosen.includes(value) && { checked: '' }) }), text)));
}

function menu(name, title, pairs, chosen) {
  return el('select', { name, 'aria-label': title }, ...pairs.map(([value, text]) =>
    el('option', { value, ...(value === chosen && { selected: '' }) }, text)));
}
