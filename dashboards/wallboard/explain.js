// Dialog that explains a value: its formula, its cases and the cases excluded from it. Also shows
// the timeline of one case. `explain.loader.js` loads it on first use.

import { fetchJson } from './access.js';
import { el } from './dom.js';
import { TEXTS } from './explain.texts.js';
import { displayName, join } from './format.js';
import { SIGNS, statusOf, withTarget } from './status.js';
import { statusText } from './value.js';

const CASES = 10;
const TIME_FIELDS = ['due', 'appointment'];

export function makeExplain(lang, { format, texts: common, standard, localTime }) {
  const texts = { ...common, ...TEXTS[lang] };
  const heading = el('h2', { id: 'explain-title', tabindex: '-1' });
  const close = el('button', { type: 'button', class: 'explain-close' }, texts.close);
  const body = el('div', { class: 'explain-body' });
  const node = el('dialog', { class: 'explain', 'aria-labelledby': 'explain-title' },
    el('header', {}, heading, close), body);
  document.head.append(el('link', { rel: 'stylesheet', href: 'explain.css' }));
  document.body.append(node);
  let currentRequest = null; // responses to earlier requests are dropped
  let opener = null;

  close.addEventListener('click', () => node.close());
  node.addEventListener('click', (event) => event.target === node && node.close());
  node.addEventListener('close', () => {
    currentRequest = null;
    body.replaceChildren();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  });

  const translate = (text) => text?.[lang] ?? text?.en ?? '';
  const list = (items) => el('ul', {}, ...items.map((item) => el('li', {}, item)));
  const section = (title, ...content) => el('section', {}, el('h3', {}, title), ...content);
  const dateTime = (text) => {
    const time = Date.parse(text);
    return `${localTime.date(time)} ${localTime.time(time)}`;
  };

  async function show(title, query, render) {
    const request = (currentRequest = {});
    heading.textContent = title;
    body.replaceChildren(el('p', {}, texts.loading));
    if (!node.open) {
      opener = document.activeElement;
      node.showModal();
    }
    heading.focus();
    try {
      const response = await fetchJson(`v1/explain?${new URLSearchParams(query)}`);
      if (request === currentRequest) body.replaceChildren(...render(response));
    } catch (error) {
      const text = error.status === 404 ? texts.noCases : texts.noResponse;
      if (request === currentRequest) body.replaceChildren(el('p', {}, text));
    }
  }

  /** Explains the value of a tile or a cell. */
  function reading({ name, window, scope }) {
    const place = Object.values(scope).map(displayName).join(' · ') || texts.overview;
    const query = { indicator: name, ...(window !== 'now' && { window }), ...scope, limit: CASES };
    const title = `${standard.title(name)} · ${place} · ${format.windowName(window)}`;
    show(title, query, (response) => renderReading(name, response));
  }

  function renderReading(name, response) {
    const { reading: value, good, of, left_out: excluded } = response;
    const indicator = withTarget(standard.get(name), value);
    const status = statusOf(value);
    const target = format.target(indicator);
    const parts = [...(good?.parts ?? []), ...of.parts];
    const factTexts = new Map(parts.map(({ fact, words }) => [fact, translate(words)]));
    const latest = texts.latestCases(format.whole(of.count));
    const statusLine = `${SIGNS[status]} ${statusText(status, indicator, texts)}`.trim();
    return [
      el('p', { class: 'explain-value', 'data-status': status },
        el('strong', {}, format.text(format.value(indicator, value?.value))),
        el('span', {}, statusLine),
        ...(target ? [el('span', {}, `${texts.target} ${target}`)] : [])),
      el('p', {}, translate(response.formula)),
      ...renderBudget(value?.budget),
      el('div', { class: 'explain-sides' },
        ...(good ? [renderSide(texts.numerator, good)] : []),
        renderSide(good ? texts.denominator : texts.counted, of)),
      ...(excluded.length ? [section(texts.excluded, list(excluded.map(renderExcluded)))] : []),
      ...(of.cases.length ? [section(latest, renderCases(of.cases, factTexts))] : []),
      el('p', { class: 'explain-small' }, texts.asOf(dateTime(response.as_of))),
    ];
  }

  const renderSide = (title, { count, parts }) =>
    section(texts.total(title, countOf(count, parts[0]?.fact)), list(parts.map(renderPart)));

  const renderPart = ({ fact, count, words }) =>
    texts.part(countOf(count, fact), translate(words));

  const renderExcluded = ({ count, reason }) =>
    texts.excludedPart(format.whole(count), translate(reason));

  /** A number with its measure word, which Chinese needs: `12 通` of calls, `12 件` of orders. */
  function countOf(count, fact = '') {
    const measure = texts.measureWords[fact.split('.')[0]];
    return format.whole(count) + (measure ? ` ${measure}` : '');
  }

  function renderBudget(budget) {
    if (typeof budget?.left !== 'number') return [];
    const { left, recover } = budget;
    const needed = recover === null ? null : format.whole(recover);
    const size = format.whole(Math.abs(left));
    return [el('p', {}, left >= 0 ? texts.misses(size) : texts.missesOver(size, needed))];
  }

  function renderCases(cases, factTexts) {
    const rows = cases.map((one) => {
      const link = el('button', { type: 'button', class: 'link' }, one.subject ?? '?');
      link.addEventListener('click', () => order({ ...one, at: one.time }));
      const unit = one.fact.startsWith('survey.') ? '' : ` ${texts.seconds}`;
      const value = typeof one.value === 'number' ? Number(one.value.toFixed(1)) + unit : '';
      const repeat = one.repeated_by && texts.repeatedBy(one.repeated_by.subject ?? '?');
      const cause = repeat ?? translate(one.invalidated_by?.words);
      return el('tr', {},
        el('td', {}, dateTime(one.time)),
        el('th', { scope: 'row' }, one.subject ? link : '?'),
        el('td', {}, factTexts.get(one.fact) ?? texts.unnamed(one.fact)),
        el('td', {}, value || cause));
    });
    const columns = texts.caseColumns.map((name) => el('th', { scope: 'col' }, name));
    return el('table', {}, el('thead', {}, el('tr', {}, ...columns)), el('tbody', {}, ...rows));
  }

  /** Shows the timeline of one case. `at` is a time within it, if its subject has several cases. */
  function order({ source, subject, at }) {
    if (!subject) return;
    show(subject, { source, subject, ...(at && { at }) }, ({ attributes, commitments, events }) => [
      el('p', {}, renderFields(attributes)),
      ...(commitments.length
        ? [section(texts.commitmentsTitle, list(commitments.map(renderCommitment)))] : []),
      section(texts.timeline, el('table', {}, el('tbody', {}, ...events.map(renderEvent)))),
    ]);
  }

  function renderCommitment({ commitment, course, deadline }) {
    const due = deadline && texts.due(dateTime(deadline));
    const state = texts.courses[course] ?? texts.unnamed(course);
    return join(commitmentName(commitment ?? ''), state, due);
  }

  /** Names are `repair`, `hall_call` or a family with a suffix, as in `complaint_reply`. */
  function commitmentName(name) {
    const family = Object.keys(texts.families).find((known) => name.startsWith(`${known}_`));
    const own = texts.families[name] ?? texts.commitments[name];
    const suffix = family && texts.commitments[name.slice(family.length + 1)];
    return own ?? (suffix ? `${texts.families[family]}${suffix}` : texts.unnamed(name));
  }

  const renderEvent = ({ time, type, said }) => el('tr', {}, el('td', {}, dateTime(time)),
    el('th', { scope: 'row' }, texts.event(type, texts.families)),
    el('td', {}, renderFields(said)));

  const renderFields = (fields) => Object.entries(fields)
    .map(([name, value]) => texts.field(texts.fields[name] ?? name, fieldValue(name, value)))
    .join(' · ');

  function fieldValue(name, value) {
    if (typeof value === 'number' && name.endsWith('_seconds')) return format.age(value);
    if (typeof value === 'number') return format.whole(value);
    if (TIME_FIELDS.includes(name)) return dateTime(value);
    return texts.values[value] ?? texts.unnamed(value);
  }

  return { reading, order };
}
