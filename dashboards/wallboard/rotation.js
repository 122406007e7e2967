// Rotation of pages: a button per page with its progress. Pauses while somebody uses the display.

import { el, setAttribute, setVariable } from './dom.js';

const TICK_MS = 250;
const INPUT_PAUSE_MS = 30_000; // after the last key press, touch or mouse movement

/** Calls `show(index)`. `busy()` is true while a dialog must not be interrupted. */
export function makeRotation({ titles, every, texts, show, busy }) {
  const buttons = titles.map((title, index) => {
    const button = el('button', { type: 'button', class: 'rotation-page' }, title);
    button.addEventListener('click', () => go(index));
    return button;
  });
  const pause = el('button',
    { type: 'button', class: 'rotation-pause', 'aria-pressed': 'false' }, texts.pause);
  const node = el('nav', { class: 'rotation', 'aria-label': texts.pages }, ...buttons, pause);
  let shown = 0;
  let elapsed = 0; // ms that the page has been shown, pauses excluded
  let inputAt = -Infinity;
  let tickedAt = performance.now();
  let stopped = false;

  function go(index) {
    shown = (index + titles.length) % titles.length;
    elapsed = 0;
    buttons.forEach((button, position) =>
      setAttribute(button, 'aria-current', position === shown ? 'page' : null));
    show(shown);
    draw();
  }

  function stop(on) {
    stopped = on;
    setAttribute(pause, 'aria-pressed', String(on));
    pause.textContent = on ? texts.resume : texts.pause;
    draw();
  }

  const isPaused = () =>
    stopped || busy() || document.hidden || tickedAt - inputAt < INPUT_PAUSE_MS;

  function tick() {
    const now = performance.now();
    const passed = now - tickedAt;
    tickedAt = now;
    if (!isPaused()) elapsed += Math.min(passed, 2 * TICK_MS); // the machine may have slept
    if (elapsed >= every * 1_000) go(shown + 1);
    else draw();
  }

  function draw() {
    setAttribute(node, 'data-paused', isPaused());
    setVariable(node, '--progress', Math.min(elapsed / (every * 1_000), 1).toFixed(3));
  }

  function press(event) {
    if (busy() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowLeft') go(shown - 1);
    else if (event.key === 'ArrowRight') go(shown + 1);
    else if (event.key === ' ' && !event.target.closest?.('button, a')) stop(!stopped);
    else return;
    event.preventDefault();
  }

  const input = () => { inputAt = performance.now(); };
  for (const kind of ['pointermove', 'pointerdown', 'keydown', 'wheel']) {
    addEventListener(kind, input, { passive: true });
  }
  addEventListener('keydown', press);
  pause.addEventListener('click', () => stop(!stopped));
  setInterval(tick, TICK_MS);
  go(0);
  return { node };
}
