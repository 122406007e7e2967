// Pages that take turns: a row of their names with the progress of the time, which stands while somebody is at the wall.

import { el, setAttribute, setVariable } from './dom.js';

const TICK_MS = 250;
const TOUCHED_MS = 30_000; // so long after the last touch the pages stand still

/** Calls `show(index)`; `busy()` says whether something is open that a turn would tear away. */
export function makeRotation({ titles, every, texts, show, busy }) {
  const buttons = titles.map((title, index) => {
    const button = el('button', { type: 'button', class: 'turn' }, title);
    button.addEventListener('click', () => go(index));
    return button;
  });
  const pause = el('button', { type: 'button', class: 'turn-pause', 'aria-pressed': 'false' }, texts.pause);
  const node = el('nav', { class: 'turns', 'aria-label': texts.pages }, ...buttons, pause);
  let shown = 0;
  let gone = 0; // milliseconds that the page has been shown, standing times not counted
  let touched = -Infinity;
  let ticked = performance.now();
  let stopped = false;

  function go(index) {
    shown = (index + titles.length) % titles.length;
    gone = 0;
    buttons.forEach((button, place) => setAttribute(button, 'aria-current', place === shown ? 'page' : null));
    show(shown);
    draw();
  }

  function stop(on) {
    stopped = on;
    setAttribute(pause, 'aria-pressed', String(on));
    pause.textContent = on ? texts.resume : texts.pause;
    draw();
  }

  const stands = () => stopped || busy() || document.hidden || ticked - touched < TOUCHED_MS;

  function tick() {
    const now = performance.now();
    const passed = now - ticked;
    ticked = now;
    if (!stands()) gone += Math.min(passed, 2 * TICK_MS); // a machine that slept does not turn at once
    if (gone >= every * 1_000) go(shown + 1);
    else draw();
  }

  function draw() {
    setAttribute(node, 'data-stands', stands());
    setVariable(node, '--gone', Math.min(gone / (every * 1_000), 1).toFixed(3));
  }

  function key(event) {
    if (busy() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowLeft') go(shown - 1);
    else if (event.key === 'ArrowRight') go(shown + 1);
    else if (event.key === ' ' && !event.target.closest?.('button, a')) stop(!stopped);
    else return;
    event.preventDefault();
  }

  const touch = () => { touched = performance.now(); };
  for (const kind of ['pointermove', 'pointerdown', 'keydown', 'wheel']) addEventListener(kind, touch, { passive: true });
  addEventListener('keydown', key);
  pause.addEventListener('click', () => stop(!stopped));
  setInterval(tick, TICK_MS);
  go(0);
  return { node };
}
