import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { RelayedWork, Work } from '../../src/domain/job.ts';
import type {
  Assembled,
  Dialect,
  JobView,
  LoginCall,
  LoginFacts,
  RelayedShare,
  ShareFacts,
} from '../../src/wire/dialect.ts';
import { LineFramer } from '../../src/wire/framing/line-framer.ts';
import type { MinerRequest, PoolEvent, RelayedSubmit } from '../../src/wire/messages.ts';
import { anyText } from './any-text.ts';

export function vector(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}

export interface TargetRow {
  readonly difficulty: string;
  readonly target: string;
  readonly expected_hashes_per_share: string;
}

/** The rows of a family of `other-targets.json`, by the beginning of its name. */
export function targetRows(name: string): readonly TargetRow[] {
  const { families } = vector('other-targets') as {
    readonly families: readonly { readonly name: string; readonly values: readonly TargetRow[] }[];
  };
  const family = families.find((one) => one.name.startsWith(name));
  assert.ok(family !== undefined && family.values.length > 0, name);
  return family.values;
}

// oxlint-disable-next-line no-control-regex
const ASCII_LINE = /^[\u0020-\u007e]+\n$/;

/** One line, ASCII, JSON: what it says. */
export function parseLine(line: string): Record<string, unknown> {
  assert.match(line, ASCII_LINE);
  return JSON.parse(line) as Record<string, unknown>;
}

/** How a miner sees `work`, as far as a test does not say otherwise. */
export function viewOf(work: Work, given: Partial<JobView> = {}): JobView {
  return {
    jobId: '2a',
    work,
    coinb1Insert: '',
    lane: '',
    ntime: 0,
    clean: true,
    difficulty: 1,
    target: null,
    scale: 1,
    divider: 1,
    sessionId: '6351117f64',
    ...given,
  };
}

/** What a share for `work` is held against, as far as a test does not say otherwise. */
export function factsOf(work: RelayedWork | null, given: Partial<ShareFacts> = {}): ShareFacts {
  return {
    user: 'account.rig',
    work,
    poolJobId: work?.poolJobId ?? 'pool-7',
    version: 0,
    ntime: 0,
    extranonce1: '',
    extranonce2Bytes: 0,
    lane: '',
    versionMask: 0,
    isRolling: false,
    judges: false,
    ...given,
  };
}

export const LOGIN_FACTS: LoginFacts = {
  user: 'user.rig',
  password: 'x',
  agent: 'proxy/1.0',
  host: 'pool.example',
  port: 3337,
  algorithm: '',
  sessionId: null,
  versionMask: 0,
  isPlain: false,
};

export function loginCall({ pool }: Dialect, name: string): LoginCall {
  const call = pool.login.find((one) => one.name === name);
  assert.ok(call !== undefined, `no call ${name}`);
  return call;
}

/** The job in a line that has to be one. */
export function jobIn(dialect: Dialect, line: string): RelayedWork {
  const event = dialect.pool.decode(line);
  assert.ok(event.kind === 'job' && event.work.family !== 'bitcoin', JSON.stringify(event));
  return event.work;
}

/** The submit in a line that has to be one. */
export function submitIn(dialect: Dialect, params: readonly unknown[]): RelayedSubmit {
  const request = dialect.miner.decode(JSON.stringify({ id: 4, method: 'mining.submit', params }));
  assert.ok(request.kind === 'submit' && request.family !== 'bitcoin', JSON.stringify(request));
  return request;
}

/** The share of an assembly that has to have worked. */
export function shareOf(assembled: Assembled): RelayedShare {
  assert.ok(assembled.kind === 'share' && assembled.share.family !== 'bitcoin', JSON.stringify(assembled));
  return assembled.share;
}

export function problemOf(what: Assembled | MinerRequest | PoolEvent): string {
  assert.ok(what.kind === 'malformed' || what.kind === 'fault', JSON.stringify(what));
  return what.problem;
}

/** Lines that are nearly of the dialect: any JSON under its methods, and text of any kind. */
export function nearlyLines(methods: readonly string[]): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('00', 'zz', '0'.repeat(64), 1e300, -1, null, [[1, 2, 3, 4], 1], '1'.repeat(300)),
  );
  const message = fc
    .record({
      id: fc.oneof(fc.integer(), fc.constant(null), fc.string(), fc.jsonValue()),
      method: fc.oneof(fc.constantFrom(...methods), anyText),
      params: fc.oneof(fc.array(value, { maxLength: 12 }), value),
    })
    .map((given) => JSON.stringify(given));
  return fc.oneof(
    message,
    anyText,
    message.chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
    fc.nat({ max: 20_000 }).map((depth) => `{"method":"${methods[0]}","id":${'['.repeat(depth)}`),
    fc
      .nat({ max: 20_000 })
      .map((depth) => `{"id":1,"method":"${methods[0]}","params":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  );
}

/** Decodes a stream whole, byte by byte and cut at every offset, which have to be the same, and gives it back decoded. */
export function decodeAnyhow<T>(text: string, decode: (line: string) => T): T[] {
  const bytes = Buffer.from(text);
  const decodeChunks = (chunks: readonly Buffer[]): T[] => {
    const framer = new LineFramer();
    const found: T[] = [];
    for (const chunk of chunks) {
      const fault = framer.push(chunk, 65_536, {
        onLine: (line) => {
          found.push(decode(line));
          return true;
        },
      });
      assert.equal(fault, null);
    }
    return found;
  };
  const whole = decodeChunks([bytes]);
  assert.deepEqual(decodeChunks(Array.from(bytes, (byte) => Buffer.of(byte))), whole);
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(decodeChunks([bytes.subarray(0, at), bytes.subarray(at)]), whole, `cut at ${at}`);
  }
  return whole;
}
