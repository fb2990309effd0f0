import { signal } from '@preact/signals';

/** What the clock of the browser says, in milliseconds, renewed once a second while the page is seen: what says how long ago reads it. */
export const nowMs = signal(Date.now());

const TICK_MS = 1000;

function tick(): void {
  if (!document.hidden) nowMs.value = Date.now();
}

/** Runs for as long as the page is open. */
export function followClock(): void {
  setInterval(tick, TICK_MS);
  document.addEventListener('visibilitychange', tick);
}
