// Queues of a center: one table for calls and one for service halls.

import { el, setAttribute } from './dom.js';
import { makeGrid } from './grid.js';

const GROUPS = [
  {
    title: 'callQueues',
    columns: ['service_level_20s', 'answer_rate', 'calls_waiting', 'longest_wait_now'],
  },
  {
    title: 'hallQueues',
    columns: ['hall_called_in_time', 'desk_in_time', 'hall_waiting', 'hall_wait'],
  },
];

export function makeQueues(scope, tools) {
  const groups = makeGroups(scope, tools);
  const node = el('div', { class: 'queues' }, ...groups.map((group) => group.grid.node));

  /** A queue is listed in each group it has work in, else in the first with a reading. */
  function update(context) {
    const { board } = context;
    const ids = board.members('queue', scope);
    const readings = ({ windows }, id) => windows
      .map(([name, window]) => board.get(name, window, { ...scope, queue: id })).filter(Boolean);
    const hasWork = ({ of, value }) => of > 0 || value > 0;
    for (const group of groups) {
      for (const id of ids) if (readings(group, id).some(hasWork)) group.active.add(id);
      for (const id of group.active) if (!ids.includes(id)) group.active.delete(id);
    }
    const isIdle = (id) => !groups.some((group) => group.active.has(id));
    const firstOf = (id) => groups.find((group) => readings(group, id).length > 0);
    for (const group of groups) {
      const isListed = (id) => group.active.has(id) || (isIdle(id) && firstOf(id) === group);
      const rows = ids.filter(isListed);
      group.grid.update(context, rows);
      setAttribute(group.grid.node, 'hidden', rows.length === 0);
    }
  }

  return { node, update, indicators: groups.flatMap((group) => group.columns) };
}

function makeGroups(scope, tools) {
  const { standard, texts } = tools;
  const known = GROUPS
    .map(({ title, columns }) => ({ title: texts[title], columns: columns.filter(standard.get) }))
    .filter(({ columns }) => columns.length > 0);
  const usual = [{ title: texts.callQueues, columns: standard.choose([], 4).slice(0, 4) }];
  return (known.length ? known : usual).map(({ title, columns }) => ({
    columns,
    grid: makeGrid({
      caption: texts.queuesCaption(title), head: title, indicators: columns,
      scopeOf: (id) => ({ ...scope, queue: id }),
    }, tools),
    windows: columns.map((name) => [name, standard.windowOf(name)]),
    active: new Set(),
  }));
}
