import type { Group } from './group.ts';
import type { Upstream } from './upstream.ts';

/** Where a session is going: it stays where it is until there is a job for it there. */
export interface Destination {
  readonly group: Group;
  readonly upstream: Upstream;
}

/**
 * Where a session is heading. `staying`: nowhere. `moving`: where its route has sent it. `strayed`: it looks for, or is at, another pool than the route's, because its own connection
 * there does not come up; `straying`: the same, on its way there or back. `sinceMs`: since it set out, or last tried to return.
 */
export type Course =
  | { readonly kind: 'staying' }
  | { readonly kind: 'moving'; readonly next: Destination }
  | { readonly kind: 'strayed'; readonly sinceMs: number }
  | { readonly kind: 'straying'; readonly sinceMs: number; readonly next: Destination };

export const STAYING: Course = { kind: 'staying' };

/** Where it goes to; null where it goes nowhere. */
export function nextOf(course: Course): Destination | null {
  return course.kind === 'moving' || course.kind === 'straying' ? course.next : null;
}

/** On its way there from now on. */
export function setOut(course: Course, next: Destination): Course {
  switch (course.kind) {
    case 'staying':
    case 'moving':
      return { kind: 'moving', next };
    case 'strayed':
    case 'straying':
      return { kind: 'straying', sinceMs: course.sinceMs, next };
  }
}

/** It has arrived, or does not go there any more. */
export function stop(course: Course): Course {
  switch (course.kind) {
    case 'staying':
    case 'strayed':
      return course;
    case 'moving':
      return STAYING;
    case 'straying':
      return { kind: 'strayed', sinceMs: course.sinceMs };
  }
}

/** It has gone astray, or tries once more, at this moment. Only where it goes nowhere. */
export function stray(nowMs: number): Course {
  return { kind: 'strayed', sinceMs: nowMs };
}

/** It is at the pool of its route again. */
export function settle(course: Course): Course {
  switch (course.kind) {
    case 'staying':
    case 'moving':
      return course;
    case 'strayed':
      return STAYING;
    case 'straying':
      return { kind: 'moving', next: course.next };
  }
}

/** A session whose own connection is down looks for room on another one to the same pool after so long, and at another pool of the account after so long. */
const STRANDED_AFTER_MS = 1000;
const STRAYS_AFTER_MS = 5000;

/** What a session looks at to see whether it is stranded. */
export interface StrandedFacts {
  /** Since when it has been without a live upstream; null while it has one. */
  readonly withoutPoolSinceMs: number | null;
  /** Its pool serves others. */
  readonly isPoolLive: boolean;
  /** It is at the pool that its route has chosen. */
  readonly isAtHome: boolean;
  readonly returnAfterMs: number;
  /** After so long without a pool it would be closed; Infinity: never. */
  readonly holdMs: number;
}

/**
 * What a session had better do whose connection does not come up. `sibling`: look for room on another connection to its pool. `stray`: the same, and go to another pool where there is none. `return`: try
 * its own pool once more. `settle`: it is back.
 */
export type StrandedStep = 'stay' | 'settle' | 'return' | 'sibling' | 'stray';

export function stepOf(course: Course, facts: StrandedFacts, nowMs: number): StrandedStep {
  const { withoutPoolSinceMs, isPoolLive, isAtHome, returnAfterMs, holdMs } = facts;
  if (withoutPoolSinceMs === null) {
    if (course.kind !== 'strayed' && course.kind !== 'straying') return 'stay';
    if (isAtHome) return 'settle';
    return course.kind === 'strayed' && nowMs - course.sinceMs >= returnAfterMs ? 'return' : 'stay';
  }
  if (nextOf(course) !== null || !isPoolLive) return 'stay';
  const withoutMs = nowMs - withoutPoolSinceMs;
  if (withoutMs < STRANDED_AFTER_MS) return 'stay';
  return withoutMs < Math.min(STRAYS_AFTER_MS, holdMs / 2) ? 'sibling' : 'stray';
}
