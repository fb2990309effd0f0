import { type ChildProcess, spawn } from 'node:child_process';
import { pinned } from './control.ts';
import type { Child, ChildOptions, ChildRegistry } from './targets/target.ts';

const TAIL_CHARACTERS = 4_000;
const TAIL_LINES = 8;
const STOP_MS = 3_000;

/** Every program the bench has started; `killAll` is safe to call at any time, an exit handler included. */
export class Children implements ChildRegistry {
  readonly #running = new Set<ChildProcess>();

  start({ name, program, arguments: args, cpus }: ChildOptions): Child {
    const [command, commandArguments] = pinned(cpus, program, args);
    const child = spawn(command, commandArguments, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-TAIL_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (cause) => {
      output += `${name}: ${cause.message}`;
    });
    const gone = this.adopt(child);
    const hasEnded = (): boolean =>
      child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    return {
      pid: child.pid ?? 0,
      // What it said, without the stack below it.
      tail: () =>
        output
          .split('\n')
          .filter((line) => !/^\s+at |^\s*$/.test(line))
          .slice(-TAIL_LINES)
          .join('\n'),
      hasEnded,
      stop: async () => {
        if (hasEnded()) return;
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        await gone;
        clearTimeout(timer);
      },
    };
  }

  /** Takes charge of a process started elsewhere; resolves when it has ended. */
  adopt(child: ChildProcess): Promise<void> {
    this.#running.add(child);
    return new Promise((resolve) => {
      const onGone = (): void => {
        this.#running.delete(child);
        resolve();
      };
      child.once('exit', onGone);
      child.once('error', onGone);
    });
  }

  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}
