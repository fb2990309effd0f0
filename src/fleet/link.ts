/** One end of the boundary between the supervisor and a worker. Messages are plain data and arrive in order, never within the call that sent them. */
export interface Link<Out, In> {
  send(message: Out): void;
  /** Set once, before anything is sent. */
  onMessage(handler: (message: In) => void): void;
}

class LocalEnd<Out, In> implements Link<Out, In> {
  #handler: ((message: In) => void) | null = null;
  #peer: LocalEnd<In, Out> | null = null;

  join(peer: LocalEnd<In, Out>): void {
    this.#peer = peer;
  }

  send(message: Out): void {
    const peer = this.#peer;
    queueMicrotask(() => peer?.deliver(message));
  }

  onMessage(handler: (message: In) => void): void {
    this.#handler = handler;
  }

  deliver(message: In): void {
    this.#handler?.(message);
  }
}

/** Both ends of a link within one process: the same boundary as between two, without the copy. */
export function localLink<A, B>(): readonly [Link<A, B>, Link<B, A>] {
  const left = new LocalEnd<A, B>();
  const right = new LocalEnd<B, A>();
  left.join(right);
  right.join(left);
  return [left, right];
}
