/** Waits for a condition that nothing announces, looking again every few milliseconds; rejects with `what` after `timeoutMs`. */
export async function eventually(
  condition: () => boolean,
  what: () => string,
  timeoutMs = 5000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() >= deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
