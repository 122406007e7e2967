// Configuration page: a form that writes the address of a display and previews it.

import { AuthenticationError, fetchJson } from './access.js';
import { TEXTS } from './configure.texts.js';
import { el, setAttribute, setText, setVariable } from './dom.js';
import { displayName, makeFormat } from './format.js';
import { readSettings } from './url.js';

const PREVIEW_WIDTH = 1_920; // pixels of the previewed screen
const PREVIEW_DELAY_MS = 300; // after the last change

const defaults = readSettings(location.search, navigator.languages);
const texts = TEXTS[defaults.lang];
const { texts: pageTexts } = await import(`./texts.${defaults.lang}.js`);
const $ = (id) => document.getElementById(id);

document.documentElement.lang = defaults.lang === 'zh' ? 'zh-CN' : 'en';
document.title = `${texts.title} · firstline`;
setText($('heading'), texts.title);
setText($('about'), texts.about);
try {
  const paths = ['v1/standard', 'v1/board?by=center&window=now'];
  const [standard, board] = await Promise.all(paths.map((path) => fetchJson(path)));
  const centers = new Set(board.readings.map(({ scope }) => scope.center).filter(Boolean));
  show(standard, [...centers].sort());
} catch (error) {
  const text = error instanceof AuthenticationError ? texts.authentication : texts.noResponse;
  $('main').append(el('p', { class: 'problem', role: 'alert' }, text));
}

function show(standard, centers) {
  const form = makeForm(standard, centers);
  const address = el('a', { id: 'address', target: '_blank', rel: 'noopener' });
  const copy = el('button', { type: 'button' }, texts.copy);
  copy.addEventListener('click', () => navigator.clipboard?.writeText(address.href)
    .then(() => setText(copy, texts.copied)).catch(() => {}));
  const result = el('section', { class: 'result', 'aria-label': texts.address },
    el('p', { class: 'row' },
      el('strong', {}, texts.address), ...(navigator.clipboard ? [copy] : [])),
    el('p', {}, address), el('p', {}, texts.token));
  const preview = makePreview();
  const update = () => {
    // Unescaped commas are easier to read.
    const query = queryOf(new FormData(form))?.toString().replaceAll('%2C', ',') ?? null;
    preview.show(query);
    setText(address, query === null ? texts.noPage : `${location.origin}/?${query}`);
    if (query === null) address.removeAttribute('href');
    else address.href = `/?${query}`;
    setText(copy, texts.copy);
  };
  form.addEventListener('input', update);
  form.addEventListener('submit', (event) => event.preventDefault());
  $('main').append(form, el('div', { class: 'side' }, preview.node, result));
  update();
}

function makeForm(standard, centers) {
  const format = makeFormat(defaults.lang, pageTexts);
  const titleOf = ({ title, name }) => title?.[defaults.lang] ?? title?.en ?? name;
  const indicators = standard.indicators.map((indicator) => [indicator.name, titleOf(indicator)]);
  const windows = standard.windows.map((window) => [window, format.windowName(window)]);
  const known = standard.windows.includes(defaults.window);
  const window = known ? defaults.window : standard.windows[0];
  const pages = [
    ['overview', pageTexts.overview], ['ranking', pageTexts.ranking],
    ...centers.map((center) => [center, displayName(center)]),
  ];
  const languages = [['en', 'English'], ['zh', '中文']];
  const every = el('input',
    { type: 'number', name: 'every', min: 3, max: 3600, value: defaults.every });
  return el('form', {},
    group(texts.pages, texts.pagesSmall, choices('page', 'checkbox', pages, ['overview']),
      el('p', {}, el('label', {}, every, texts.every))),
    el('div', { class: 'two' },
      group(texts.language, '', choices('lang', 'radio', languages, [defaults.lang])),
      group(texts.theme, '',
        choices('theme', 'radio', Object.entries(texts.themes), [defaults.theme])),
      group(texts.window, '', menu('window', texts.window, windows, window)),
      group(texts.sound, '', choices('sound', 'checkbox', [['on', texts.soundOn]], []))),
    group(texts.rank, '', el('p', { class: 'row' },
      menu('rank', texts.rank, indicators, 'answer_rate'),
      choices('first', 'radio', Object.entries(texts.first), ['worst']))),
    group(texts.tiles, texts.tilesSmall, choices('tile', 'checkbox', indicators, []), 'many'));
}

/** The display, scaled down. It takes no input and makes no sound. */
function makePreview() {
  const frame = el('iframe', { title: texts.preview, inert: '' });
  const node = el('figure', { class: 'preview' }, frame);
  let shown = null;
  let timer = 0;
  const resize = ([{ contentRect }]) =>
    setVariable(frame, '--scale', contentRect.width / PREVIEW_WIDTH);
  new ResizeObserver(resize).observe(node);

  function show(query) {
    const silent = query?.replace('&sound=on', '') ?? null;
    if (silent === shown) return;
    shown = silent;
    clearTimeout(timer);
    // `replace` adds no history entries, so that the back button leaves this page.
    const load = () => frame.contentWindow.location.replace(`/?${silent}`);
    if (silent !== null) timer = setTimeout(load, PREVIEW_DELAY_MS);
    setAttribute(node, 'hidden', silent === null);
  }

  return { node, show };
}

/** Language, window and what differs from the defaults; null without a page. */
function queryOf(data) {
  const pages = data.getAll('page');
  if (pages.length === 0) return null;
  const query = new URLSearchParams({ pages: pages.join(',') });
  if (pages.length > 1) query.set('every', data.get('every') || '20');
  query.set('lang', data.get('lang'));
  query.set('window', data.get('window'));
  if (data.get('theme') !== 'dark') query.set('theme', data.get('theme'));
  if (pages.includes('ranking')) {
    for (const name of ['rank', 'first']) query.set(name, data.get(name));
  }
  if (data.getAll('tile').length) query.set('tiles', data.getAll('tile').join(','));
  if (data.get('sound')) query.set('sound', 'on');
  return query;
}

/** `more` is another element, or a class. */
function group(title, small, content, more) {
  const legend = el('legend', {}, title, ...(small ? [el('small', {}, small)] : []));
  return el('fieldset', typeof more === 'string' ? { class: more } : {},
    legend, content, ...(more instanceof Node ? [more] : []));
}

function choices(name, type, pairs, chosen) {
  const choice = ([value, text]) => {
    const checked = chosen.includes(value) && { checked: '' };
    return el('label', {}, el('input', { type, name, value, ...checked }), text);
  };
  return el('span', { class: 'choices' }, ...pairs.map(choice));
}

function menu(name, title, pairs, chosen) {
  return el('select', { name, 'aria-label': title }, ...pairs.map(([value, text]) =>
    el('option', { value, ...(value === chosen && { selected: '' }) }, text)));
}
