// Keeps the screen awake and hides an idle mouse pointer.

const IDLE_MS = 4_000;

export function keepAwake() {
  const request = () => {
    if (document.visibilityState === 'visible') {
      navigator.wakeLock?.request('screen').catch(() => {});
    }
  };
  document.addEventListener('visibilitychange', request);
  request();
  let timer = 0;
  addEventListener('pointermove', () => {
    document.body.classList.remove('idle');
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.add('idle'), IDLE_MS);
  });
}
