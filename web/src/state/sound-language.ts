/**
 * Makes what the browser calls its language one that `Intl` takes. Some give names of the system, such as `en-US@posix`, and what
 * formats numbers by them throws while it is loaded: so this is imported before everything else.
 */
const { language } = navigator;
if (!isTag(language)) Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });

function isTag(text: unknown): boolean {
  try {
    return typeof text === 'string' && Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}
