/**
 * Loaded into a program before it starts: its monotonic clock goes forward by `turnClockMs` when its parent sends that, so that what is due in
 * minutes can be seen in a test. Timers of the system are not touched; the program's own deadlines are looked at by its sweeps.
 */
const now = performance.now.bind(performance);
let aheadMs = 0;

Object.defineProperty(performance, 'now', {
  value: () => now() + aheadMs,
  configurable: true,
  writable: true,
});

process.on('message', (message) => {
  const { turnClockMs } = message as { readonly turnClockMs?: unknown };
  if (typeof turnClockMs !== 'number') return;
  aheadMs += turnClockMs;
  process.send?.({ turned: aheadMs });
});
// The channel alone does not keep the program alive.
process.channel?.unref();
