// Asks what is behind a number: most walls are never asked, so the dialog for it is loaded when first needed.

/** `reading({ name, window, scope })` of a tile or cell; `order({ source, subject })` of a case. */
export function makeAsk(lang, tools) {
  let dialog = null;
  let failures = 0;

  async function load() {
    try {
      // A browser remembers that a module could not be had, so it is asked for by another name the next time.
      const { makeExplain } = await import(`./explain.js${failures ? `?${failures}` : ''}`);
      dialog ??= makeExplain(lang, tools);
    } catch {
      failures += 1; // the service is gone, and the banner says so
    }
    return dialog;
  }

  const ask = (what) => async (about) => (dialog ?? await load())?.[what](about);
  return { reading: ask('reading'), order: ask('order'), isOpen: () => document.querySelector('dialog[open]') !== null };
}
