// The queues of a center, those in trouble first: a table for those of calls and one for those of halls.

import { el, setAttribute } from './dom.js';
import { makeGrid } from './grid.js';

const GROUPS = [
  { title: 'callQueues', columns: ['service_level_20s', 'answer_rate', 'calls_waiting', 'longest_wait_now'] },
  { title: 'hallQueues', columns: ['hall_called_in_time', 'counter_in_time', 'hall_waiting', 'hall_wait'] },
];

export function makeQueues(scope, tools) {
  const groups = makeGroups(scope, tools);
  const node = el('div', { class: 'queues' }, ...groups.map((group) => group.grid.node));

  /** A queue stands in the groups it does work of; one without any work yet stands in the first that knows it. */
  function update(context) {
    const ids = context.board.members('queue', scope);
    const readings = (group, id) => group.windows
      .map(([name, window]) => context.board.get(name, window, { ...scope, queue: id })).filter(Boolean);
    for (const group of groups) {
      for (const id of ids) if (readings(group, id).some((reading) => reading.of > 0 || reading.value > 0)) group.seen.add(id);
      for (const id of group.seen) if (!ids.includes(id)) group.seen.delete(id);
    }
    const idle = ids.filter((id) => !groups.some((group) => group.seen.has(id)));
    for (const group of groups) {
      const first = (id) => groups.find((other) => readings(other, id).length > 0) === group;
      const rows = ids.filter((id) => group.seen.has(id) || (idle.includes(id) && first(id)));
      group.grid.update(context, rows);
      setAttribute(group.grid.node, 'hidden', rows.length === 0);
    }
  }

  return { node, update, indicators: groups.flatMap((group) => group.columns) };
}

function makeGroups(scope, tools) {
  const { standard, texts } = tools;
  const known = GROUPS.map(({ title, columns }) => ({ title: texts[title], columns: columns.filter((name) => standard.get(name)) }))
    .filter(({ columns }) => columns.length > 0);
  const groups = known.length ? known : [{ title: texts.callQueues, columns: standard.choose([], 4).slice(0, 4) }];
  return groups.map(({ title, columns }) => ({
    columns,
    grid: makeGrid({
      caption: texts.queuesCaption(title), head: title, indicators: columns, scopeOf: (id) => ({ ...scope, queue: id }),
    }, tools),
    windows: columns.map((name) => [name, standard.windowOf(name)]),
    seen: new Set(),
  }));
}
