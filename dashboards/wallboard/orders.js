// Open orders of a center with a deadline, the least time left first. An order with several
// commitments is sorted by its first deadline; the others are listed below it.

import { fetchJson } from './access.js';
import { el, setAttribute, setText } from './dom.js';
import { displayName, join } from './format.js';
import { SIGNS } from './status.js';

const REFRESH_MS = 30_000;
const ROWS = 8;
const REQUESTED = 100;
const RISKS = ['overdue', 'due_soon', 'running'];
const RISK_SIGNS = { overdue: SIGNS.breached, due_soon: SIGNS.warning, running: '' };
const OTHER_FAMILIES = ['call', 'queue']; // their commitments take minutes and have tiles

export function makeOrders(scope, { format, momentText, texts, explain }) {
  const list = el('ol', { class: 'orders-list' });
  const counts = el('small', {});
  const more = el('p', { class: 'orders-more' });
  const node = el('section', { class: 'panel orders', hidden: '' },
    el('h2', { class: 'panel-title' }, texts.orders, counts), list, more);
  const rows = Array.from({ length: ROWS }, makeRow);
  list.append(...rows.map((row) => row.node));
  let last = null; // the last response, and when it was received by `performance.now()`
  let requestedAt = -Infinity;
  let seen = false;

  function makeRow() {
    const [sign, left, due, title, subject] =
      ['sign', 'order-left', 'order-due', 'order-title', 'order-subject']
        .map((name) => el('span', { class: name }));
    setAttribute(sign, 'aria-hidden', 'true');
    const word = el('span', { class: 'sr-only' });
    const time = el('span', { class: 'order-time' }, sign, left, word, due);
    const button = el('button', { type: 'button', class: 'order' }, time, title, subject);
    const row = {
      node: el('li', { hidden: '' }, button), button, sign, left, word, due, title, subject,
      first: null,
    };
    button.addEventListener('click', () => explain.order(row.first));
    return row;
  }

  async function refresh() {
    requestedAt = performance.now();
    const query = new URLSearchParams({ risk: RISKS.join(','), ...scope, limit: REQUESTED });
    try {
      const response = await fetchJson(`v1/cases?${query}`);
      const cases = response.cases.filter(({ family }) => !OTHER_FAMILIES.includes(family));
      last = {
        receivedAt: performance.now(), asOf: Date.parse(response.as_of), orders: byOrder(cases),
        complete: response.more === 0,
      };
    } catch {
      // The last response stays and shows its age.
    }
  }

  function update({ now, fresh }) {
    const timer = performance.now();
    if (fresh && timer - requestedAt >= REFRESH_MS) refresh();
    if (last === null) return;
    const { receivedAt, asOf, orders, complete } = last;
    const age = timer - receivedAt;
    const old = !fresh || age >= 3 * REFRESH_MS;
    const at = old ? asOf : Math.max(now, asOf);
    const overdue = orders.filter(([first]) => isOverdue(first, at)).length;
    const soon = orders.filter(isAtRisk).length - overdue;
    // Orders may not be reported at all.
    seen ||= orders.length > 0;
    setAttribute(node, 'hidden', !seen);
    setAttribute(node, 'data-old', old);
    setText(counts, old ? texts.updated(format.age(age / 1000))
      : join(texts.overdueOrders(overdue), texts.dueSoonOrders(soon)));
    rows.forEach((row, index) => showRow(row, orders[index] ?? [], at, asOf));
    const hidden = orders.length - ROWS;
    const moreText = hidden > 0 ? texts.moreOrders(complete ? hidden : null) : '';
    setText(more, orders.length === 0 ? texts.noOrders : moreText);
  }

  function showRow(row, commitments, at, asOf) {
    const [first, ...others] = commitments;
    setAttribute(row.node, 'hidden', !first);
    row.first = first ?? null;
    if (!first) return;
    const risk = isOverdue(first, at) ? 'overdue' : isAtRisk(commitments) ? 'due_soon' : 'running';
    setAttribute(row.button, 'data-risk', risk);
    setText(row.sign, RISK_SIGNS[risk]);
    setText(row.left, format.left(secondsLeft(first, at, asOf)));
    setText(row.due, first.deadline ? momentText(Date.parse(first.deadline), at) : '');
    setText(row.word, texts.risks[risk]);
    const family = texts.families[first.family] ?? first.family;
    const title = join(family, commitmentName(first, texts));
    const { class: orderClass } = first.attributes;
    setText(row.title, orderClass ? texts.withClass(title, orderClass) : title);
    const also = others.map((other) =>
      `${commitmentName(other, texts) || family} ${format.left(secondsLeft(other, at, asOf))}`);
    setText(row.subject, join(first.subject, ...also));
  }

  return { node, update };
}

/** Groups cases by order; keeps their sequence, which is by time left. */
function byOrder(cases) {
  const orders = new Map();
  for (const one of cases) {
    const key = one.subject ? `${one.source} ${one.subject}` : one;
    orders.set(key, [...(orders.get(key) ?? []), one]);
  }
  return [...orders.values()];
}

const isAtRisk = (commitments) => commitments.some(({ risk }) => risk !== 'running');

/** Empty for the commitment that has the name of its family. */
function commitmentName({ family, commitment }, texts) {
  if (commitment === family) return '';
  const name = commitment.replace(`${family}_`, '');
  return texts.commitments[name] ?? displayName(name);
}

const isOverdue = ({ deadline }, at) => deadline !== null && Date.parse(deadline) <= at;

/** Open time left, negative when overdue. Constant while the clock is stopped or closed. */
function secondsLeft({ counting, left_seconds: left }, at, asOf) {
  return (left ?? 0) - (counting ? (at - asOf) / 1000 : 0);
}
