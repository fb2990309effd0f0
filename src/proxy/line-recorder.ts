import type { RecordedLine, RecordedMiner } from '../domain/recording.ts';
import type { Clock } from '../kit/clock.ts';
import { hideSecrets, redactLine } from './redact-line.ts';

const MOST_LINES = 500;
const MOST_CHARACTERS = 262_144;
const MOST_OF_A_LINE = 8192;
const MOST_SECRETS = 8;

/** The last lines of one miner's connection, both ways, without passwords. */
export class LineRecorder {
  /** As far as it is known. */
  of: RecordedMiner;
  readonly startedAtMs: number;
  /** Milliseconds since 1970-01-01 UTC, and monotonic. */
  untilWallMs: number;
  untilMs: number;
  isRunning = true;
  readonly #clock: Clock;
  readonly #lines: RecordedLine[] = [];
  readonly #secrets = new Set<string>();
  #characters = 0;

  constructor(clock: Clock, seconds: number, of: RecordedMiner) {
    this.of = of;
    this.#clock = clock;
    this.startedAtMs = clock.wallMs();
    this.untilWallMs = this.startedAtMs + seconds * 1000;
    this.untilMs = clock.monotonicMs() + seconds * 1000;
  }

  /** From now on for so long. */
  prolong(seconds: number): void {
    this.untilWallMs = this.#clock.wallMs() + seconds * 1000;
    this.untilMs = this.#clock.monotonicMs() + seconds * 1000;
  }

  get lines(): readonly RecordedLine[] {
    return this.#lines;
  }

  received(line: string): void {
    const { text, secrets } = redactLine(line);
    for (const secret of secrets) if (this.#secrets.size < MOST_SECRETS) this.#secrets.add(secret);
    this.#add('miner', hideSecrets(text, this.#secrets));
  }

  /** `poolPassword`: what the pool's own words may quote; empty: nothing. */
  sent(text: string, poolPassword: string): void {
    const clean = hideSecrets(hideSecrets(text, this.#secrets), [poolPassword]);
    for (const line of clean.split('\n')) if (line !== '') this.#add('proxy', line);
  }

  #add(from: RecordedLine['from'], line: string): void {
    const text = line.length > MOST_OF_A_LINE ? `${line.slice(0, MOST_OF_A_LINE)}…` : line;
    this.#lines.push({ atMs: this.#clock.wallMs(), from, text });
    this.#characters += text.length;
    while (this.#lines.length > MOST_LINES || this.#characters > MOST_CHARACTERS)
      this.#characters -= this.#lines.shift()?.text.length ?? this.#characters;
  }
}
