// The little line of the values seen since the page was loaded, with the target as a dashed line.

import { setAttribute, svg } from './dom.js';

const POINTS_MAX = 240; // when full, every second point goes and the steps double
const STEP_MS_MIN = 1_000;
const STEP_MS_MAX = 120_000; // 240 of these are eight hours; then the oldest go
const SPAN_MS_MIN = 60_000;
const WIDTH = 200;
const HEIGHT = 40;
const MARGIN = 3;

export function makeSpark(indicator) {
  const line = svg('path', { class: 'spark-line', 'vector-effect': 'non-scaling-stroke' });
  const target = svg('path', { class: 'spark-target', 'vector-effect': 'non-scaling-stroke' });
  const node = svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    target, line,
  );
  let points = []; // { at, amount }; amount null: nothing known then, the line has a gap
  let step = STEP_MS_MIN;

  function add(at, amount) {
    const last = points[points.length - 1];
    if (last && at - last.at < step) return;
    points.push({ at, amount });
    if (points.length > POINTS_MAX && step < STEP_MS_MAX) {
      points = points.filter((_, index) => index % 2 === 0);
      step *= 2;
    } else if (points.length > POINTS_MAX) {
      points.shift();
    }
    draw(at);
  }

  function draw(now) {
    const [low, high] = range(points, indicator);
    const start = Math.min(points[0].at, now - SPAN_MS_MIN);
    const x = (at) => (((at - start) / (now - start)) * WIDTH).toFixed(1);
    const y = (amount) => (HEIGHT - MARGIN - ((amount - low) / (high - low)) * (HEIGHT - 2 * MARGIN)).toFixed(1);
    let path = '';
    let pen = 'M';
    for (const { at, amount } of points) {
      if (amount !== null) path += `${pen}${x(at)} ${y(amount)}`;
      pen = amount === null ? 'M' : 'L';
    }
    setAttribute(line, 'd', path);
    setAttribute(target, 'd', hasTarget(indicator) ? `M0 ${y(indicator.target)}H${WIDTH}` : '');
  }

  return { node, add };
}

/** Wide enough to show the target and not to make mountains of noise. */
function range(points, indicator) {
  const amounts = points.map(({ amount }) => amount).filter((amount) => amount !== null);
  if (hasTarget(indicator)) amounts.push(indicator.target);
  const ratio = indicator.kind === 'ratio';
  if (!ratio && indicator.kind !== 'score') amounts.push(0);
  if (amounts.length === 0) return [0, 1];
  let [low, high] = [Math.min(...amounts), Math.max(...amounts)];
  const least = ratio ? 0.08 : Math.max(Math.abs(high) * 0.2, 1e-6);
  if (high - low < least) {
    const middle = (low + high) / 2;
    [low, high] = [middle - least / 2, middle + least / 2];
    if (ratio && high > 1) [low, high] = [1 - least, 1];
    if (low < 0) [low, high] = [0, least];
  }
  return [low, high];
}

const hasTarget = ({ target }) => target !== null && target !== undefined;
