// Loads the explanation dialog on first use, since most displays never need it.

/** Explains a value with `reading`, a case with `order`. */
export function makeExplainLoader(lang, tools) {
  let dialog = null;
  let failures = 0;

  async function load() {
    try {
      // Browsers cache a failed import by its address, so each retry has another one.
      const { makeExplain } = await import(`./explain.js${failures ? `?${failures}` : ''}`);
      dialog ??= makeExplain(lang, tools);
    } catch {
      failures += 1; // the banner reports the lost connection
    }
    return dialog;
  }

  const show = (kind) => async (subject) => (dialog ?? await load())?.[kind](subject);
  return {
    reading: show('reading'),
    order: show('order'),
    isOpen: () => document.querySelector('dialog[open]') !== null,
  };
}
