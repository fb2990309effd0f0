import { errorText, type LinkMessage, RequestLink } from './request-link.ts';

/** A pool's answer to one request. */
export interface PoolReply {
  readonly result: unknown;
  /** In the pool's words; null where it said yes. */
  readonly refusal: string | null;
}

/** Whom the link tells what comes in unasked. */
export interface LinkListener {
  /** `line` is what it was read from, for numbers that `params` has rounded. */
  onNotice(method: string, params: readonly unknown[], id: unknown, line: string): void;
  /** The server did what a miner in the field would stumble over. */
  onViolation(what: string): void;
}

/** Methods after which cgminer, cpuminer and NerdMiner take the next line, whatever it is, for their answer. */
const FIRST_LINE_IS_REPLY: ReadonlySet<string> = new Set(['mining.configure', 'mining.subscribe']);

/** The connection of miners that number their requests: replies read as a yes or a refusal, and what the pool sends of its own accord. */
export class MinerLink {
  readonly #link: RequestLink;
  readonly #replyTimeoutMs: number;
  #nextId = 1;

  private constructor(link: RequestLink, replyTimeoutMs: number) {
    this.#link = link;
    this.#replyTimeoutMs = replyTimeoutMs;
  }

  /** Rejects with `LinkError` where nobody answers. */
  static async open(
    listener: LinkListener,
    options: {
      readonly host: string;
      readonly port: number;
      readonly replyTimeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<MinerLink> {
    const link: RequestLink = await RequestLink.open(
      (message, line) => hear(listener, link.awaited, message, line),
      options,
    );
    return new MinerLink(link, options.replyTimeoutMs);
  }

  /** Resolves, never rejects, with the reason once the connection is over. */
  get closed(): Promise<string> {
    return this.#link.closed;
  }

  /** As {@link RequestLink.call}; `id` is the next free one unless given. */
  call<T>(
    method: string,
    params: readonly unknown[] | LinkMessage,
    read: (reply: PoolReply) => T,
    id = this.#nextId++,
  ): Promise<T> {
    return this.#link.call({ id, method, params }, this.#replyTimeoutMs, (answer) => read(replyIn(answer)));
  }

  /** Sends what is no request: an answer. */
  answer(id: unknown, result: unknown): void {
    if (id !== null && id !== undefined) this.#link.send({ id, result, error: null });
  }

  end(why: string): void {
    this.#link.end(why);
  }
}

function hear(
  listener: LinkListener,
  awaited: readonly string[],
  message: LinkMessage | null,
  line: string,
): void {
  if (message === null) {
    listener.onViolation(`not a JSON object: ${line.slice(0, 80)}`);
    return;
  }
  const { id, method, params } = message;
  if (typeof method !== 'string') {
    listener.onViolation(`reply to nothing that was asked: ${JSON.stringify(message).slice(0, 80)}`);
    return;
  }
  for (const asked of awaited) {
    if (FIRST_LINE_IS_REPLY.has(asked)) listener.onViolation(`${method} before the reply to ${asked}`);
  }
  listener.onNotice(method, Array.isArray(params) ? (params as unknown[]) : [params], id, line);
}

/** Any of the shapes in which pools refuse is a refusal, an answer without a result too. */
function replyIn({ result, error, 'reject-reason': reason }: LinkMessage): PoolReply {
  const isNothing = result === false || result === null || result === undefined;
  const words = typeof reason === 'string' ? reason : isNothing ? 'refused' : null;
  return { result, refusal: errorText(error) ?? words };
}
