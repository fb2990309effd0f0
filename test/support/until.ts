const PAUSE_MS = 20;

/**
 * Looks again and again until `probe` gives something else than undefined or false, and gives that back; rejects with `what` after
 * `timeoutMs`, or at once with what `probe` throws. For what nothing announces, such as another process's answers.
 */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  what: string | (() => string),
  timeoutMs = 5000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() >= deadlineMs) {
      throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
