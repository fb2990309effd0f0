import { signal } from '@preact/signals';
import { isLoginNeeded } from '../api/client.ts';
import type { StreamMessage } from '../api/event-stream.ts';
import { openStream, type StreamState } from '../api/stream.ts';
import type { Fleet, PoolState, ProxyEvent } from '../api/types.ts';

/** What the stream has said last. */
export const streamState = signal<StreamState>('connecting');
export const version = signal('');
export const fleet = signal<Fleet | null>(null);
export const poolStates = signal<readonly PoolState[] | null>(null);
/** The newest first. */
export const events = signal<readonly ProxyEvent[]>([]);
/** Hashrates of the last minutes by algorithm, one a second, for the small charts. */
export const trails = signal<ReadonlyMap<string, readonly number[]>>(new Map());

const EVENTS_KEPT = 500;
const TRAIL_POINTS = 300;

function onMessage({ event, data }: StreamMessage): void {
  const told: unknown = JSON.parse(data);
  switch (event) {
    case 'hello':
      version.value = (told as { version: string }).version;
      return;
    case 'fleet':
      fleet.value = told as Fleet;
      followTrails(told as Fleet);
      return;
    case 'pools':
      poolStates.value = (told as { pools: readonly PoolState[] }).pools;
      return;
    case 'event':
      addEvents([told as ProxyEvent]);
      return;
    default:
      return;
  }
}

function followTrails({ algorithms }: Fleet): void {
  const next = new Map<string, readonly number[]>();
  for (const { algorithm, hashrateHs } of algorithms) {
    const before = trails.peek().get(algorithm) ?? [];
    next.set(algorithm, [...before.slice(1 - TRAIL_POINTS), hashrateHs]);
  }
  trails.value = next;
}

/** Events that are known already are not taken twice; one that has grown takes the place of its former self. */
export function addEvents(more: readonly ProxyEvent[]): void {
  const byId = new Map(events.peek().map((event) => [event.id, event]));
  for (const event of more) byId.set(event.id, event);
  events.value = [...byId.values()].sort((a, b) => b.id - a.id).slice(0, EVENTS_KEPT);
}

/** Listens for as long as the page is open. */
export function startLive(): () => void {
  return openStream({
    onMessage,
    onState(state) {
      streamState.value = state;
      if (state === 'refused') isLoginNeeded.value = true;
    },
  });
}
