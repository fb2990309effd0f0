import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Requests from the bench to its own processes over Node's IPC channel: one question, one answer, matched by number.
 * `commands` maps each name to the function that answers it.
 */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly number: number;
  readonly command: string;
  readonly argument: unknown;
}

interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** In the child: answers the parent's questions until the parent goes away, then ends the process. */
export function serve(commands: Commands): void {
  process.on('disconnect', () => process.exit(0));
  // The terminal sends SIGINT to the whole process group; the parent decides when its children end.
  process.on('SIGINT', () => undefined);
  process.on('message', (message: Question) => void answer(commands, message));
}

async function answer(commands: Commands, { number, command, argument }: Question): Promise<void> {
  const reply = (rest: Omit<Answer, 'number'>): void => {
    process.send?.({ number, ...rest } satisfies Answer);
  };
  try {
    const handler = commands[command];
    if (handler === undefined) throw new Error(`unknown command ${command}`);
    reply({ result: await handler(argument as never) });
  } catch (cause) {
    reply({ error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  }
}

/** The parent's end of one such process. `ask` rejects when the child answers with an error, is silent for too long, or ends. */
export class Peer<C extends Commands> {
  readonly child: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(cause: Error): void }>();
  #lastNumber = 0;

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.child = child;
    child.on('message', (message: Answer) => this.#onAnswer(message));
    child.on('exit', (code, signal) => this.#failAll(`${name} ended (${signal ?? `exit code ${code}`})`));
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`${this.#name} is not running`);
    return pid;
  }

  async ask<K extends keyof C & string>(
    command: K,
    argument: Parameters<C[K]>[0],
    timeoutMs = 60_000,
  ): Promise<Awaited<ReturnType<C[K]>>> {
    const number = ++this.#lastNumber;
    const result = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
    });
    const timer = setTimeout(
      () => this.#settle(number, new Error(`${this.#name} did not answer ${command} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.child.send({ number, command, argument } satisfies Question, (cause) => {
      if (cause !== null) this.#settle(number, cause);
    });
    try {
      return (await result) as Awaited<ReturnType<C[K]>>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(number);
    }
  }

  #onAnswer({ number, result, error }: Answer): void {
    if (error !== undefined) this.#settle(number, new Error(`${this.#name}: ${error}`));
    else this.#waiting.get(number)?.resolve(result);
  }

  #settle(number: number, cause: Error): void {
    this.#waiting.get(number)?.reject(cause);
  }

  #failAll(reason: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(reason));
    this.#waiting.clear();
  }
}

/** Starts one of the bench's own TypeScript files with the runtime that runs the bench. */
export function spawnPeer<C extends Commands>(name: string, file: URL, cpus: string | null): Peer<C> {
  const [program, args] = pinned(cpus, process.execPath, [fileURLToPath(file)]);
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Peer<C>(name, child);
}

/** The command line that runs a program on these CPUs only (`taskset`'s list form), or anywhere for null. */
export function pinned(
  cpus: string | null,
  program: string,
  args: readonly string[],
): [string, readonly string[]] {
  return cpus === null ? [program, args] : ['taskset', ['--cpu-list', cpus, program, ...args]];
}
