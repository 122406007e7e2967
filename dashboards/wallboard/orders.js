// The orders of a center whose time runs out: those overdue in front, then by the time left, which ticks between two looks.
// One with several promises stands by the one that ends first; the others are named.

import { fetchJson } from './access.js';
import { el, setAttribute, setText } from './dom.js';
import { displayName } from './format.js';
import { SIGNS } from './verdict.js';

const EVERY_MS = 30_000;
const SHOWN_MAX = 8;
const ASKED = 100;
const RISKS = ['overdue', 'due_soon', 'running'];
const NO_ORDERS = ['call', 'queue']; // their promises are kept in minutes, and have tiles

export function makeOrders(scope, { format, texts, explain }) {
  const list = el('ol', { class: 'orders-list' });
  const counts = el('small', {});
  const more = el('p', { class: 'orders-more' });
  const node = el('section', { class: 'panel orders', hidden: '' }, el('h2', { class: 'panel-title' }, texts.orders, counts), list, more);
  const rows = Array.from({ length: SHOWN_MAX }, makeRow);
  list.append(...rows.map((row) => row.node));
  let told = null; // the last answer, and when it was heard by our own ticking clock
  let askedAt = -Infinity;

  function makeRow() {
    const [sign, left, what, whose] = ['sign', 'order-left', 'order-what', 'order-whose'].map((kind) => el('span', { class: kind }));
    setAttribute(sign, 'aria-hidden', 'true');
    const word = el('span', { class: 'unseen' });
    const button = el('button', { type: 'button', class: 'order' }, el('span', { class: 'order-time' }, sign, left, word), what, whose);
    const row = { node: el('li', { hidden: '' }, button), button, sign, left, word, what, whose, one: null };
    button.addEventListener('click', () => explain.order(row.one));
    return row;
  }

  async function ask() {
    askedAt = performance.now();
    try {
      const answer = await fetchJson(`v1/cases?${new URLSearchParams({ risk: RISKS.join(','), ...scope, limit: ASKED })}`);
      const orders = byOrder(answer.cases.filter(({ family }) => !NO_ORDERS.includes(family)));
      told = { at: performance.now(), asOf: Date.parse(answer.as_of), orders, sure: answer.more === 0 };
    } catch {
      // The last answer stands and shows its age.
    }
  }

  function update({ now, fresh }) {
    const ticking = performance.now();
    if (fresh && ticking - askedAt >= EVERY_MS) ask();
    if (told === null) return;
    const age = ticking - told.at;
    const old = !fresh || age >= 3 * EVERY_MS;
    const at = old ? told.asOf : Math.max(now, told.asOf);
    const { orders, sure } = told;
    const overdue = orders.filter(([one]) => leftOf(one, at) < 0).length;
    const soon = orders.filter(presses).length - overdue;
    setAttribute(node, 'hidden', false);
    setAttribute(node, 'data-old', old);
    setText(counts, old ? texts.asOf(format.age(age / 1000)) : [
      overdue && texts.overdueOrders(overdue), soon > 0 && texts.soonOrders(soon),
    ].filter(Boolean).join(' · '));
    rows.forEach((row, index) => showRow(row, orders[index] ?? [], at));
    const hidden = orders.length - SHOWN_MAX;
    setText(more, orders.length === 0 ? texts.noOrders : hidden > 0 ? texts.moreOrders(sure ? hidden : null) : '');
  }

  function showRow(row, promises, at) {
    const [one, ...others] = promises;
    setAttribute(row.node, 'hidden', !one);
    row.one = one ?? null;
    if (!one) return;
    const left = leftOf(one, at);
    const verdict = left < 0 ? 'missed' : presses(promises) ? 'near' : 'plain';
    setAttribute(row.button, 'data-verdict', verdict);
    setText(row.sign, SIGNS[verdict]);
    setText(row.left, format.left(left));
    setText(row.word, { missed: texts.overdue, near: texts.dueSoon, plain: '' }[verdict]);
    const family = texts.families[one.family] ?? one.family;
    setText(row.what, [family, promiseOf(one), one.attributes.class].filter(Boolean).join(' · '));
    const also = others.map((other) => `${promiseOf(other) || family} ${format.left(leftOf(other, at))}`);
    setText(row.whose, [one.subject ?? '', ...also].join(' · '));
  }

  return { node, update };
}

/** The promises of each order, which come by the time left: so do the orders, and those of one. */
function byOrder(cases) {
  const orders = new Map();
  for (const one of cases) {
    const name = one.subject ? `${one.source} ${one.subject}` : one;
    orders.set(name, [...(orders.get(name) ?? []), one]);
  }
  return [...orders.values()];
}

const presses = (promises) => promises.some(({ risk }) => risk !== 'running');

/** What is promised; nothing where it is the family's own promise. */
function promiseOf({ family, commitment }) {
  return commitment === family ? '' : displayName(commitment.replace(`${family}_`, ''));
}

/** Seconds until the deadline, negative past it; those of a clock that stands do not tick. */
function leftOf({ deadline, left_seconds: left }, at) {
  return deadline === null ? (left ?? 0) : (Date.parse(deadline) - at) / 1000;
}
