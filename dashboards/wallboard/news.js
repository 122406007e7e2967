// What is told aloud: a target that has just been missed, to a screen reader always, and as two notes where the address says
// `sound=on` and the browser lets it.

import { el, setAttribute, setText } from './dom.js';
import { displayName } from './format.js';

const AGAIN_MS_MIN = 300_000; // what goes up and down is told once
const SOUND_MS_MIN = 10_000;
const TOGETHER_MS = 500; // what is missed at once is told in one sentence
const NAMED_MAX = 3;
const NOTES = [880, 660]; // Hz
const NOTE_S = 0.18;
const LOUDNESS = 0.3;

export function makeNews(wanted, { standard, texts }) {
  const told = new Map(); // by what was missed, when
  const text = el('p', { class: 'unseen', id: 'news', role: 'log', 'aria-live': 'polite' });
  const hint = el('button', { type: 'button', class: 'sound-hint', hidden: '' }, texts.allowSound);
  const context = wanted && window.AudioContext ? new AudioContext() : null;
  let pending = [];
  let soundedAt = -Infinity;

  function breached({ indicator, window, scope }) {
    if (window !== standard.windowOf(indicator)) return;
    const what = [Object.values(scope).map(displayName).join(' · '), standard.title(indicator)].filter(Boolean).join(': ');
    const now = performance.now();
    for (const [old, at] of told) if (now - at >= AGAIN_MS_MIN) told.delete(old);
    if (told.has(what)) return;
    told.set(what, now);
    if (pending.length === 0) setTimeout(tell, TOGETHER_MS);
    pending.push(what);
  }

  function tell() {
    const more = pending.length - NAMED_MAX;
    setText(text, texts.newlyMissed(pending.slice(0, NAMED_MAX).join('; ') + (more > 0 ? ` +${more}` : '')));
    pending = [];
    if (performance.now() - soundedAt < SOUND_MS_MIN || context?.state !== 'running') return;
    soundedAt = performance.now();
    NOTES.forEach((hertz, index) => play(hertz, context.currentTime + index * NOTE_S));
  }

  function play(hertz, at) {
    const note = new OscillatorNode(context, { frequency: hertz });
    note.connect(new GainNode(context, { gain: LOUDNESS })).connect(context.destination);
    note.start(at);
    note.stop(at + NOTE_S);
  }

  /** A browser is silent until somebody has touched the page; then the hint goes. */
  function listen() {
    const show = () => setAttribute(hint, 'hidden', context.state === 'running');
    const allow = () => context.resume().catch(() => {});
    context.onstatechange = show;
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, allow);
    show();
  }

  if (context) listen();
  return { breached, text, hint };
}
