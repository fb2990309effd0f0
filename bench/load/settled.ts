/** Resolves true once `check(true)` has been called, false after the time limit. */
export function settled(
  timeoutMs: number,
  start: (check: (isDone: boolean) => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    start((isDone) => {
      if (!isDone) return;
      clearTimeout(timer);
      resolve(true);
    });
  });
}
