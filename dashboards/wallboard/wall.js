// A wall has no hand on the mouse: the screen is kept awake, and a pointer at rest is hidden.

const REST_MS = 4_000;

export function keepAwake() {
  const stay = () => document.visibilityState === 'visible' && navigator.wakeLock?.request('screen').catch(() => {});
  document.addEventListener('visibilitychange', stay);
  stay();
  let resting = 0;
  addEventListener('pointermove', () => {
    document.body.classList.remove('resting');
    clearTimeout(resting);
    resting = setTimeout(() => document.body.classList.add('resting'), REST_MS);
  });
}
