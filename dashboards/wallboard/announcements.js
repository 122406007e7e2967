// Announces targets that have just been breached, with a chime if the address has `sound=on`.

import { el, setAttribute, setText } from './dom.js';
import { displayName } from './format.js';

const REPEAT_MS_MIN = 300_000; // for the same target
const CHIME_MS_MIN = 10_000;
const COLLECT_MS = 500; // breaches within this time share one sentence
const NAMED_MAX = 3;
const NOTES = [880, 660]; // Hz
const NOTE_S = 0.18;
const GAIN = 0.3;

export function makeAnnouncements(sound, { standard, texts }) {
  const announcedAt = new Map(); // by target
  const text = el('p',
    { class: 'sr-only', id: 'announcements', role: 'log', 'aria-live': 'polite' });
  const hint = el('button', { type: 'button', class: 'sound-hint', hidden: '' }, texts.allowSound);
  const context = sound && window.AudioContext ? new AudioContext() : null;
  let pending = [];
  let chimedAt = -Infinity;

  function breached({ indicator, window, scope }) {
    if (window !== standard.windowOf(indicator)) return;
    const title = standard.title(indicator);
    const place = Object.values(scope).map(displayName).join(' · ');
    const target = place ? texts.scoped(place, title) : title;
    const now = performance.now();
    for (const [old, at] of announcedAt) if (now - at >= REPEAT_MS_MIN) announcedAt.delete(old);
    if (announcedAt.has(target)) return;
    announcedAt.set(target, now);
    if (pending.length === 0) setTimeout(announce, COLLECT_MS);
    pending.push(target);
  }

  function announce() {
    const more = Math.max(pending.length - NAMED_MAX, 0);
    setText(text, texts.announceBreaches(pending.slice(0, NAMED_MAX), more));
    pending = [];
    const now = performance.now();
    if (now - chimedAt < CHIME_MS_MIN || context?.state !== 'running') return;
    chimedAt = now;
    NOTES.forEach((hertz, index) => play(hertz, context.currentTime + index * NOTE_S));
  }

  function play(hertz, at) {
    const note = new OscillatorNode(context, { frequency: hertz });
    note.connect(new GainNode(context, { gain: GAIN })).connect(context.destination);
    note.start(at);
    note.stop(at + NOTE_S);
  }

  /** Browsers allow sound only after the first input; the hint is shown until then. */
  function enableSound() {
    const show = () => setAttribute(hint, 'hidden', context.state === 'running');
    const resume = () => context.resume().catch(() => {});
    context.onstatechange = show;
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, resume);
    show();
  }

  if (context) enableSound();
  return { breached, text, hint };
}
