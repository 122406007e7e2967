// The dialog behind every number: what it is made of, what was left out and why, and the cases; and the story of one case.
// It is loaded when first asked for: see `ask.js`.

import { fetchJson } from './access.js';
import { el } from './dom.js';
import { TEXTS } from './explain.texts.js';
import { verdictWord } from './figure.js';
import { displayName } from './format.js';
import { SIGNS, verdictOf } from './verdict.js';

const CASES = 10;

export function makeExplain(lang, { format, texts: common, standard, wall }) {
  const texts = { ...common, ...TEXTS[lang] };
  const heading = el('h2', { id: 'explain-title', tabindex: '-1' });
  const close = el('button', { type: 'button', class: 'explain-close' }, texts.close);
  const body = el('div', { class: 'explain-body' });
  const node = el('dialog', { class: 'explain', 'aria-labelledby': 'explain-title' }, el('header', {}, heading, close), body);
  document.head.append(el('link', { rel: 'stylesheet', href: 'explain.css' }));
  document.body.append(node);
  let asked = null; // tells the answer that is waited for from older ones
  let opener = null;

  close.addEventListener('click', () => node.close());
  node.addEventListener('click', (event) => event.target === node && node.close());
  node.addEventListener('close', () => {
    asked = null;
    body.replaceChildren();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  });

  const words = (said) => said?.[lang] ?? said?.en ?? '';
  const list = (items) => el('ul', {}, ...items.map((item) => el('li', {}, item)));
  const part = (title, ...content) => el('section', {}, el('h3', {}, title), ...content);

  async function show(title, query, write) {
    const mine = (asked = {});
    heading.textContent = title;
    body.replaceChildren(el('p', {}, texts.asking));
    if (!node.open) {
      opener = document.activeElement;
      node.showModal();
    }
    heading.focus();
    try {
      const told = await fetchJson(`v1/explain?${new URLSearchParams(query)}`);
      if (mine === asked) body.replaceChildren(...write(told));
    } catch (error) {
      if (mine === asked) body.replaceChildren(el('p', {}, error.status === 404 ? texts.noCases : texts.notAnswered));
    }
  }

  /** Of a tile or a cell. */
  function reading({ name, window, scope }) {
    const place = Object.values(scope).map(displayName).join(' · ') || texts.overview;
    const about = { indicator: name, ...(window !== 'now' && { window }), ...scope, limit: CASES };
    show(`${standard.title(name)} · ${place} · ${format.windowName(window)}`, about, (told) => writeReading(name, told));
  }

  function writeReading(name, told) {
    const indicator = standard.get(name);
    const { reading: one, good, of } = told;
    const verdict = verdictOf(one);
    const shown = format.text(format.value(indicator, one?.value));
    const facts = new Map([...(good?.parts ?? []), ...of.parts].map(({ fact, words: said }) => [fact, words(said)]));
    const sides = [
      good && part(`${texts.numerator}: ${format.whole(good.count)}`, list(good.parts.map((one) => `${format.whole(one.count)} ${words(one.words)}`))),
      part(`${good ? texts.denominator : texts.counted}: ${format.whole(of.count)}`,
        list(of.parts.map((one) => `${format.whole(one.count)} ${words(one.words)}`))),
    ].filter(Boolean);
    const target = format.target(indicator);
    return [
      el('p', { class: 'explain-value', 'data-verdict': verdict },
        el('strong', {}, shown), el('span', {}, `${SIGNS[verdict]} ${verdictWord(verdict, indicator, texts)}`.trim()),
        ...(target ? [el('span', {}, `${texts.target} ${target}`)] : [])),
      el('p', {}, words(told.formula)),
      ...writeBudget(one?.budget),
      el('div', { class: 'explain-sides' }, ...sides),
      ...(told.left_out.length ? [part(texts.leftOut, list(told.left_out.map((out) => `${format.whole(out.count)}: ${words(out.reason)}`)))] : []),
      ...(of.cases.length ? [part(texts.newestCases(format.whole(of.count)), writeCases(of.cases, facts))] : []),
      el('p', { class: 'explain-small' }, texts.askedAt(wall.time(Date.parse(told.as_of)))),
    ];
  }

  function writeBudget(budget) {
    if (typeof budget?.left !== 'number') return [];
    const { left, recover } = budget;
    const said = left >= 0 ? texts.budgetLeft(format.whole(left)) : texts.budgetOver(format.whole(-left), recover === null ? null : format.whole(recover));
    return [el('p', {}, said)];
  }

  function writeCases(cases, facts) {
    const rows = cases.map((one) => {
      const what = el('button', { type: 'button', class: 'link' }, one.subject ?? '?');
      what.addEventListener('click', () => order(one));
      const value = typeof one.value === 'number' ? `${Number(one.value.toFixed(1))} ${texts.seconds}` : '';
      return el('tr', {}, el('td', {}, wall.time(Date.parse(one.time))), el('th', { scope: 'row' }, one.subject ? what : '?'),
        el('td', {}, facts.get(one.fact) ?? one.fact), el('td', {}, value));
    });
    return el('table', {}, el('thead', {}, el('tr', {}, ...texts.caseColumns.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, ...rows));
  }

  /** The story of one case, `{ source, subject }`. */
  function order({ source, subject }) {
    if (!subject) return;
    show(subject, { source, subject }, (told) => [
      el('p', {}, Object.values(told.attributes).map(displayName).join(' · ')),
      ...(told.commitments.length ? [part(texts.promises, list(told.commitments.map(writePromise)))] : []),
      part(texts.events, el('table', {}, el('tbody', {}, ...told.events.map(writeEvent)))),
    ]);
  }

  const writePromise = ({ commitment, course, deadline }) =>
    [displayName(commitment ?? ''), texts.courses[course] ?? course, deadline && moment(deadline)].filter(Boolean).join(' · ');

  const writeEvent = ({ time, type, said }) => el('tr', {}, el('td', {}, moment(time)), el('th', { scope: 'row' }, type),
    el('td', {}, Object.entries(said).map(([name, value]) => `${name} ${value}`).join(', ')));

  const moment = (time) => `${wall.date(Date.parse(time))} ${wall.time(Date.parse(time))}`;

  return { reading, order };
}
