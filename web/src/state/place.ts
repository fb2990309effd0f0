import { signal } from '@preact/signals';

/** Where in the page one is: steps of the address behind `#/`, and what its query says. */
export interface Place {
  readonly steps: readonly string[];
  readonly query: URLSearchParams;
}

export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const steps = path.split('/').filter((step) => step !== '');
  return { steps: steps.map(decode), query: new URLSearchParams(query) };
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** The address of a place. */
export function hrefOf(steps: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${steps.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** A worker's name as a step of an address, where an empty one cannot stand. */
export function stepOfWorker(name: string): string {
  return name === '' || name.startsWith('-') ? `-${name}` : name;
}

/** The name behind a step. */
export function workerOfStep(step: string): string {
  return step.startsWith('-') ? step.slice(1) : step;
}

export const place = signal<Place>({ steps: [], query: new URLSearchParams() });

function readAddress(): void {
  place.value = readPlace(location.hash);
}

export function followAddress(): void {
  addEventListener('hashchange', readAddress);
  readAddress();
}

/** Changes the query without a step in the browser's history: filters are no places of their own. */
export function setQuery(change: Readonly<Record<string, string>>): void {
  const { steps, query } = place.peek();
  const next = { ...Object.fromEntries(query), ...change };
  history.replaceState(null, '', hrefOf(steps, next));
  readAddress();
}
