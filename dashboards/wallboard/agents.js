// Agents of a center by state, as a bar with counts.

import { el, setAttribute, setText, setVariable } from './dom.js';

const STATES = ['ready', 'talking', 'wrapup', 'pause'];

export function makeAgents(scope, { standard, format, texts }) {
  const states = STATES.filter((state) => standard.get(`agents_${state}`)).map((state) => {
    const name = `agents_${state}`;
    const number = el('strong', {});
    const part = el('span', { class: 'agents-part', 'data-state': state });
    const text = ` ${texts.agentStates[state]}`;
    const key = el('li', { 'data-state': state, 'data-indicator': name }, number, text);
    return { name, number, part, key };
  });
  const bar = el('div', { class: 'agents-bar', 'aria-hidden': 'true' },
    ...states.map(({ part }) => part));
  const total = el('small', {});
  const node = el('section', { class: 'panel agents', hidden: '' },
    el('h2', { class: 'panel-title' }, texts.agents, total), bar,
    el('ul', { class: 'agents-keys' }, ...states.map(({ key }) => key)));

  function update({ board, fresh }) {
    const counts = states.map(({ name }) => board.get(name, 'now', scope)?.value ?? null);
    const known = counts.some((count) => count !== null);
    setAttribute(node, 'hidden', !known);
    setAttribute(node, 'data-old', !fresh);
    setText(total, format.whole(counts.reduce((sum, count) => sum + (count ?? 0), 0)));
    states.forEach(({ number, part }, index) => {
      setText(number, format.value({ unit: 'count' }, counts[index]).number);
      setVariable(part, '--count', counts[index] ?? 0);
      setAttribute(part, 'hidden', !counts[index]);
    });
  }

  return { node, update, indicators: states.map(({ name }) => name) };
}
