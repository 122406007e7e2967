// Line chart of a tile, with the target as a dashed line.

import { setAttribute, svg } from './dom.js';

const SPAN_MS_MIN = 60_000;
const WIDTH = 200;
const HEIGHT = 40;
const MARGIN = 3;

export function makeSparkline() {
  const line = svg('path', { class: 'spark-line' });
  const target = svg('path', { class: 'spark-target' });
  const viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
  const node = svg('svg',
    { class: 'spark', viewBox, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, target, line);

  /** Draws `{ at, amount }`, oldest first, up to `now`. A single value is a dot. */
  function draw(points, now, indicator) {
    if (points.length === 0) return;
    const [low, high] = range(points, indicator);
    const start = Math.min(points[0].at, now - SPAN_MS_MIN);
    const x = (at) => (((at - start) / (now - start)) * WIDTH).toFixed(1);
    const height = HEIGHT - 2 * MARGIN;
    const y = (amount) => (HEIGHT - MARGIN - ((amount - low) / (high - low)) * height).toFixed(1);
    let path = '';
    let pen = 'M';
    for (const { at, amount } of points) {
      if (amount !== null) path += `${pen}${x(at)} ${y(amount)}${pen === 'M' ? 'h.01' : ''}`;
      pen = amount === null ? 'M' : 'L';
    }
    setAttribute(line, 'd', path);
    setAttribute(target, 'd', hasTarget(indicator) ? `M0 ${y(indicator.target)}H${WIDTH}` : '');
  }

  return { node, draw };
}

/** Includes the target, and has a minimum height so that noise stays flat. */
function range(points, indicator) {
  const amounts = points.map(({ amount }) => amount).filter((amount) => amount !== null);
  if (hasTarget(indicator)) amounts.push(indicator.target);
  const ratio = indicator.kind === 'ratio';
  if (!ratio && !['score', 'nps'].includes(indicator.kind)) amounts.push(0);
  if (amounts.length === 0) return [0, 1];
  let [low, high] = [Math.min(...amounts), Math.max(...amounts)];
  const least = ratio ? 0.08 : Math.max(Math.abs(low) * 0.2, Math.abs(high) * 0.2, 1e-6);
  if (high - low < least) {
    const middle = (low + high) / 2;
    [low, high] = [middle - least / 2, middle + least / 2];
    if (ratio && high > 1) [low, high] = [1 - least, 1];
    if (low < 0 && Math.min(...amounts) >= 0) [low, high] = [0, least];
  }
  return [low, high];
}

const hasTarget = ({ target }) => typeof target === 'number';
