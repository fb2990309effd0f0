import { headersOf, pathWith, token } from './client.ts';
import { EventStreamReader, type StreamMessage } from './event-stream.ts';

/** How the page is connected: `live`, on its way, or without a chance until somebody logs in. */
export type StreamState = 'connecting' | 'live' | 'refused';

export interface StreamListener {
  onMessage(message: StreamMessage): void;
  onState(state: StreamState): void;
}

const CHANNEL = 'stratum-proxy.stream';
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 15_000;
/** The server says something at least this often; without, the connection is dead. */
const SILENCE_MS = 40_000;

type Told =
  | { readonly kind: 'message'; readonly message: StreamMessage }
  /** `lastId`: of the newest message; empty before the first. A page that has just come may have to go on behind it. */
  | { readonly kind: 'state'; readonly state: StreamState; readonly lastId: string }
  /** A page has come and wants to know how things stand. */
  | { readonly kind: 'ask' };

/**
 * One stream for all pages of a browser: whichever page holds the lock reads it and tells the others; when it goes, the next takes over
 * where it was, by the id of the last message. A page without locks reads for itself alone. A page whose token is not taken gives the lock up, and says so to nobody else: another may
 * have a better one. Then it hears nothing more until it is opened again.
 */
export function openStream(listener: StreamListener): () => void {
  const closing = new AbortController();
  // Plain HTTP from another machine is no secure context, and has no locks.
  const { locks } = navigator as { readonly locks?: LockManager };
  const channel = locks === undefined ? null : new BroadcastChannel(CHANNEL);
  let lastId = '';
  let state: StreamState = 'connecting';
  let isLeader = false;
  const hear = (told: Told): void => {
    if (told.kind === 'message') {
      if (told.message.id !== '') lastId = told.message.id;
      listener.onMessage(told.message);
    } else if (told.kind === 'state') {
      state = told.state;
      if (told.lastId !== '') lastId = told.lastId;
      listener.onState(state);
    } else if (isLeader) {
      channel?.postMessage({ kind: 'state', state, lastId } satisfies Told);
    }
  };
  if (channel !== null) channel.onmessage = ({ data }: MessageEvent<Told>) => hear(data);
  const tell = (told: Told): void => {
    hear(told);
    channel?.postMessage(told);
  };
  const lead = async (): Promise<void> => {
    isLeader = true;
    await readWhileTaken(() => lastId, tell, closing.signal);
    isLeader = false;
    if (!closing.signal.aborted) listener.onState('refused');
  };
  channel?.postMessage({ kind: 'ask' } satisfies Told);
  const led = locks === undefined ? lead() : locks.request(CHANNEL, { signal: closing.signal }, () => lead());
  led.catch(() => undefined);
  return () => {
    closing.abort();
    channel?.close();
  };
}

/** Reads, again and again, until it is closed or the token is not taken. */
async function readWhileTaken(
  lastId: () => string,
  tell: (told: Told) => void,
  closed: AbortSignal,
): Promise<void> {
  let pauseMs = LEAST_PAUSE_MS;
  for (;;) {
    tell({ kind: 'state', state: 'connecting', lastId: lastId() });
    const isRefused = await readOnce(
      lastId(),
      (told) => {
        pauseMs = LEAST_PAUSE_MS;
        tell(told);
      },
      closed,
    ).catch(() => false);
    if (closed.aborted || isRefused) return;
    await pause(pauseMs * (0.75 + Math.random() / 2), closed);
    if (closed.aborted) return;
    pauseMs = Math.min(pauseMs * 2, MOST_PAUSE_MS);
  }
}

/** Reads until the stream ends. True where the token is not taken. */
async function readOnce(lastId: string, tell: (told: Told) => void, closed: AbortSignal): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const sent = token.peek();
  try {
    const response = await fetch(pathWith('/stream'), {
      headers: {
        accept: 'text/event-stream',
        ...headersOf(sent),
        ...(lastId === '' ? {} : { 'last-event-id': lastId }),
      },
      signal: AbortSignal.any([closed, silence.signal]),
      cache: 'no-store',
    });
    // By now the page may have another token.
    if (response.status === 401 || response.status === 403) return sent === token.peek();
    if (!response.ok || response.body === null) return false;
    tell({ kind: 'state', state: 'live', lastId });
    const reader = new EventStreamReader();
    const decoder = new TextDecoder();
    const source = response.body.getReader();
    for (;;) {
      const { value, done } = await source.read();
      if (done) return false;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      for (const message of reader.push(decoder.decode(value, { stream: true })))
        tell({ kind: 'message', message });
    }
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    closed.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
