// What stands where: the overview of all centers, and the board of one center.

import { el, setAttribute, setText } from './dom.js';
import { displayName } from './format.js';
import { makeGrid } from './grid.js';
import { makeTile } from './tile.js';
import { trouble } from './verdict.js';

const OVERVIEW_TILES = [
  'answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now', 'repair_timeliness_due', 'repairs_overdue',
];
const CENTER_COLUMNS = [
  'answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now',
  'hall_called_in_time', 'repair_timeliness_due', 'repairs_overdue', 'satisfaction_rate',
];
const CENTER_TILES = [
  'answer_rate', 'service_level_20s', 'calls_waiting', 'longest_wait_now', 'abandonment_rate', 'speed_of_answer',
];
const CENTER_MORE = [
  'hall_called_in_time', 'hall_waiting', 'one_shot_resolution', 'satisfaction_rate',
  'repair_timeliness_due', 'repairs_overdue', 'repairs_due_4h', 'repairs_open',
];
const QUEUE_GROUPS = [
  { title: 'callQueues', columns: ['service_level_20s', 'answer_rate', 'calls_waiting', 'longest_wait_now'] },
  { title: 'hallQueues', columns: ['hall_called_in_time', 'counter_in_time', 'hall_waiting', 'hall_wait'] },
];
const TILES_OF_A_ROW_MAX = 6;

/** A page is `{ node, indicators, where, title, update(context) }`; `update` answers what to say in the heading. */
export function makePage(settings, tools, addressOf) {
  return settings.center === null ? overview(settings, tools, addressOf) : center(settings, tools);
}

function overview(settings, tools, addressOf) {
  const { standard, texts } = tools;
  const names = standard.choose(settings.tiles.length ? settings.tiles : OVERVIEW_TILES, settings.tiles.length ? 1 : 3);
  const columns = standard.choose(CENTER_COLUMNS, 3);
  const headline = tileRow(names, {}, tools, 'tiles-main');
  const grid = makeGrid({
    caption: texts.centersCaption, head: texts.centers, indicators: columns,
    scopeOf: (id) => ({ center: id }), addressOf,
  }, tools);
  const node = el('div', { class: 'page page-overview' }, headline.node, grid.node);

  function update(context) {
    const verdicts = headline.update(context);
    const rows = grid.update(context, context.board.members('center', {}));
    setAttribute(grid.node, 'hidden', rows.length === 0);
    const bad = rows.filter((row) => row.sum.missed > 0);
    if (bad.length) return { verdict: 'missed', text: texts.inTrouble(bad[0].name, bad.length - 1) };
    return sumUp([...verdicts, ...rows.flatMap((row) => spread(row.sum))], texts);
  }

  return { node, update, title: texts.overview, indicators: [...new Set([...names, ...columns])], where: {} };
}

function center(settings, tools) {
  const { standard, texts } = tools;
  const scope = { center: settings.center };
  const own = settings.tiles.length > 0;
  const main = standard.choose(own ? settings.tiles : CENTER_TILES, own ? 1 : 3);
  const more = own ? [] : CENTER_MORE.filter((name) => standard.get(name) && !main.includes(name));
  const headline = tileRow(main, scope, tools, 'tiles-main');
  const second = tileRow(more, scope, tools, 'tiles-more');
  const groups = queueGroups(scope, tools);
  const queues = el('div', { class: 'queues' }, ...groups.map((group) => group.grid.node));
  const nothing = el('p', { class: 'nothing', hidden: '' }, texts.centerUnknown(settings.center));
  const lower = el('div', { class: 'lower' }, ...(more.length ? [second.node] : []), queues);
  const node = el('div', { class: 'page page-center' }, nothing, headline.node, lower);

  function update(context) {
    const verdicts = [...headline.update(context), ...second.update(context)];
    updateQueues(groups, context, scope);
    const none = context.heard && verdicts.every((verdict) => verdict === 'unknown');
    setAttribute(nothing, 'hidden', !none);
    setAttribute(node, 'data-nothing', none);
    return sumUp(verdicts, texts);
  }

  const columns = groups.flatMap((group) => group.columns);
  return {
    node, update, title: displayName(settings.center),
    indicators: [...new Set([...main, ...more, ...columns])], where: { center: [settings.center] },
  };
}

function tileRow(names, scope, tools, kind) {
  const tiles = names.map((name) => makeTile(name, scope, tools));
  const rows = Math.ceil(tiles.length / TILES_OF_A_ROW_MAX);
  const node = el('section', { class: `tiles ${kind}`, 'aria-label': tools.texts.headline }, ...tiles.map((tile) => tile.node));
  node.style.setProperty('--tiles', Math.ceil(tiles.length / Math.max(rows, 1)));
  node.style.setProperty('--tile-rows', rows);
  return { node, update: (context) => tiles.map((tile) => tile.update(context)) };
}

function queueGroups(scope, tools) {
  const { standard, texts } = tools;
  const known = QUEUE_GROUPS.map(({ title, columns }) => ({ title: texts[title], columns: columns.filter((name) => standard.get(name)) }))
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

/** A queue stands in the groups it does work of; one without any work yet stands in the first that knows it. */
function updateQueues(groups, context, scope) {
  const ids = context.board.members('queue', scope);
  const readings = (group, id) => group.windows
    .map(([name, window]) => context.board.get(name, window, { ...scope, queue: id })).filter(Boolean);
  for (const group of groups) {
    for (const id of ids) if (readings(group, id).some((reading) => reading.of > 0 || reading.value > 0)) group.seen.add(id);
  }
  const idle = ids.filter((id) => !groups.some((group) => group.seen.has(id)));
  for (const group of groups) {
    const first = (id) => groups.find((other) => readings(other, id).length > 0) === group;
    const rows = ids.filter((id) => group.seen.has(id) || (idle.includes(id) && first(id)));
    group.grid.update(context, rows);
    setAttribute(group.grid.node, 'hidden', rows.length === 0);
  }
}

function sumUp(verdicts, texts) {
  const { missed, near, judged } = trouble(verdicts);
  if (missed) return { verdict: 'missed', text: [texts.missedTargets(missed), near && texts.nearTargets(near)].filter(Boolean).join(' · ') };
  if (near) return { verdict: 'near', text: texts.nearTargets(near) };
  if (judged) return { verdict: 'met', text: texts.allMet };
  const unknown = verdicts.every((verdict) => verdict === 'unknown');
  return { verdict: 'plain', text: unknown ? texts.waiting : texts.unjudged };
}

const spread = ({ near, judged }) => [...Array(near).fill('near'), ...Array(judged - near).fill('met')];
