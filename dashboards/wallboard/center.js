// Page of one center: tiles, agents, queues and orders.

import { makeAgents } from './agents.js';
import { el, setAttribute } from './dom.js';
import { displayName } from './format.js';
import { makeOrders } from './orders.js';
import { makeQueues } from './queues.js';
import { summarize } from './summary.js';
import { makeTiles } from './tile.js';

const TILES = [
  'answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now', 'abandonment_rate',
  'speed_of_answer',
];
const MORE = [
  'hall_called_in_time', 'hall_waiting', 'one_shot_resolution', 'satisfaction_rate',
  'repair_timeliness_due', 'repairs_overdue',
];

export function makeCenter(tools, id) {
  const { settings, standard, texts } = tools;
  const scope = { center: id };
  const own = settings.tiles.length > 0;
  const main = standard.choose(own ? settings.tiles : TILES, own ? 1 : 3);
  const more = own ? [] : MORE.filter((name) => standard.get(name) && !main.includes(name));
  const headline = makeTiles(main, scope, tools, 'tiles-main', texts.headline);
  const second = makeTiles(more, scope, tools, 'tiles-more');
  const agents = makeAgents(scope, tools);
  const queues = makeQueues(scope, tools);
  const orders = makeOrders(scope, tools);
  const noData = el('p', { class: 'no-data', hidden: '' }, texts.centerUnknown(id));
  const middle = el('div', { class: 'middle' }, agents.node, queues.node);
  const panels = [...(more.length ? [second.node] : []), middle, orders.node];
  const lower = el('div', { class: 'lower' }, ...panels);
  const node = el('div', { class: 'page page-center' }, noData, headline.node, lower);

  function update(context) {
    const statuses = [...headline.update(context), ...second.update(context)];
    agents.update(context);
    queues.update(context);
    orders.update(context);
    const empty = context.connected && statuses.every((status) => status === 'unknown');
    setAttribute(noData, 'hidden', !empty);
    setAttribute(node, 'data-empty', empty);
    return summarize(statuses, texts);
  }

  const indicators = [...main, ...more, ...agents.indicators, ...queues.indicators];
  return { node, update, title: displayName(id), indicators, where: { center: [id] } };
}
