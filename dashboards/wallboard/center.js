// The board of one center: headline, agents, queues, orders by time left.

import { makeAgents } from './agents.js';
import { el, setAttribute } from './dom.js';
import { displayName } from './format.js';
import { makeOrders } from './orders.js';
import { makeQueues } from './queues.js';
import { sumUp } from './summary.js';
import { makeTiles } from './tile.js';

const TILES = ['answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now', 'abandonment_rate', 'speed_of_answer'];
const MORE = [
  'hall_called_in_time', 'hall_waiting', 'one_shot_resolution', 'satisfaction_rate', 'repair_timeliness_due', 'repairs_overdue',
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
  const nothing = el('p', { class: 'nothing', hidden: '' }, texts.centerUnknown(id));
  const middle = el('div', { class: 'middle' }, agents.node, queues.node);
  const lower = el('div', { class: 'lower' }, ...(more.length ? [second.node] : []), middle, orders.node);
  const node = el('div', { class: 'page page-center' }, nothing, headline.node, lower);

  function update(context) {
    const verdicts = [...headline.update(context), ...second.update(context)];
    agents.update(context);
    queues.update(context);
    orders.update(context);
    const none = context.heard && verdicts.every((verdict) => verdict === 'unknown');
    setAttribute(nothing, 'hidden', !none);
    setAttribute(node, 'data-nothing', none);
    return sumUp(verdicts, texts);
  }

  return {
    node, update, title: displayName(id),
    indicators: [...main, ...more, ...agents.indicators, ...queues.indicators], where: { center: [id] },
  };
}
