import { isDeepStrictEqual } from 'node:util';
import type { StandingParts, Work } from '../../src/domain/job.ts';
import { withStanding } from '../../src/domain/job.ts';
import { SHARE_RESULTS } from '../../src/domain/result.ts';
import { isHex } from '../../src/kit/hex.ts';
import { detectOpening } from '../../src/wire/detect.ts';
import {
  type DialectHints,
  detectDialect,
  detectFirstLine,
  readFirstLine,
} from '../../src/wire/detect-dialect.ts';
import type {
  Assembled,
  Dialect,
  JobView,
  LoginFacts,
  PoolShare,
  ShareFacts,
} from '../../src/wire/dialect.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { Doorway, type DoorwayOptions } from '../../src/wire/doorway.ts';
import { LineFramer } from '../../src/wire/framing/line-framer.ts';
import { readProxyV1, readProxyV2, V1_PREFIX, V2_SIGNATURE } from '../../src/wire/framing/proxy-protocol.ts';
import type { MinerRequest, PoolEvent, PoolSubscription, SubmitRequest } from '../../src/wire/messages.ts';
import { CORPUS, grammarOf, grammarSeeds, type Seed, seedOf } from './fuzz-corpus.ts';
import type { Mutation } from './fuzz-mutation.ts';

/** Something that is fed with inputs: bytes, one character each. */
export interface FuzzTarget {
  readonly name: string;
  /** What inputs are made from first. */
  readonly own: readonly Seed[];
  /** What is spliced in, and made into inputs now and then. */
  readonly others: readonly Seed[];
  /** Feeds the input and checks all that has to hold. Returns the shape of the result, by which new inputs are known; throws where something does not hold. */
  run(input: string, chance: Mutation): string;
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** No result holds more than so many times its input, and what a result has beside it. */
const MOST_GROWTH = 8;
const MOST_OVERHEAD = 2048;

/** Characters and values in a result; without recursion, since what a pool answers may be nested as deeply as it likes. */
function weightOf(result: unknown): number {
  let weight = 0;
  const rest: unknown[] = [result];
  while (rest.length > 0) {
    const value = rest.pop();
    weight += typeof value === 'string' ? value.length : 1;
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const one of value) rest.push(one);
      continue;
    }
    for (const name in value) {
      weight += name.length;
      rest.push((value as Readonly<Record<string, unknown>>)[name]);
    }
  }
  return weight;
}

function checkWeight(result: unknown, input: string): void {
  const weight = weightOf(result);
  check(
    weight <= input.length * MOST_GROWTH + MOST_OVERHEAD,
    `a result of ${weight} from ${input.length} bytes`,
  );
}

// oxlint-disable-next-line no-control-regex
const ASCII_LINES = /^(?:[\u0020-\u007e]+\n)*$/;

/** Whole lines of ASCII, each a JSON object; none where the dialect has no such message. */
function checkLines(lines: string): void {
  check(ASCII_LINES.test(lines), `not lines of ASCII: ${JSON.stringify(lines.slice(0, 400))}`);
  if (lines === '') return;
  for (const line of lines.slice(0, -1).split('\n')) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new Error(`not JSON: ${line.slice(0, 400)}`);
    }
    check(
      typeof value === 'object' && value !== null && !Array.isArray(value),
      `no object: ${line.slice(0, 400)}`,
    );
  }
}

function checkHex(text: string, mostBytes: number, what: string): void {
  check(
    isHex(text) && text.length % 2 === 0 && text.length <= mostBytes * 2,
    `${what}: ${text.slice(0, 80)}`,
  );
}

function checkText(text: unknown, most: number, what: string): void {
  check(typeof text === 'string' && text.length <= most, `${what} of ${String(text).length} characters`);
}

function checkNumber(value: number, least: number, most: number, what: string): void {
  check(typeof value === 'number' && value >= least && value <= most, `${what}: ${value}`);
}

/** What tells results apart that took different ways: kinds, fields, problems without their digits. */
function shapeOf(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value === '' ? 'e' : value.length > 200 ? 'S' : 's';
  if (typeof value !== 'object') return typeof value === 'boolean' ? String(value) : typeof value;
  if (value === null) return 'null';
  if (Array.isArray(value))
    return depth > 2 || value.length === 0 ? '[]' : `[${shapeOf(value[0], depth + 1)}]`;
  if (depth > 3) return '{}';
  let shape = '';
  for (const name in value) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    // What a pool answers is anything, so its inside would be new every time.
    if (name === 'result') {
      shape += Array.isArray(member) ? 'list,' : `${typeof member},`;
      continue;
    }
    const isWord = name === 'kind' || name === 'problem' || name === 'fault' || name === 'family';
    shape += isWord
      ? `${String(member).replace(/\d+/g, '0').slice(0, 60)};`
      : `${name}:${shapeOf(member, depth + 1)},`;
  }
  return `{${shape}}`;
}

/** Bytes in pieces that are cut by chance. */
function cut(bytes: Buffer, chance: Mutation): Buffer[] {
  const pieces: Buffer[] = [];
  const longest = chance.pick([1, 3, 16, 200, 5000]);
  const least = bytes.length > 4000 ? 64 : 1;
  for (let at = 0; at < bytes.length; ) {
    const to = at + Math.max(least, 1 + chance.below(longest));
    pieces.push(bytes.subarray(at, to));
    at = to;
  }
  return pieces.length === 0 ? [bytes] : pieces;
}

const DOORS: readonly DoorwayOptions[] = [
  { proxyHeader: 'taken', tls: 'taken', lineBytes: 1024 },
  { proxyHeader: 'taken', tls: 'taken', lineBytes: 16_384 },
  { proxyHeader: 'refused', tls: 'refused', lineBytes: 16_384 },
];

const DOOR_STEPS: ReadonlySet<string> = new Set(['more', 'tls', 'http', 'json', 'sv2', 'fault']);

/** What came through the door, and what is left of the stream with it. */
function passDoor(pieces: readonly Buffer[], options: DoorwayOptions): unknown {
  const door = new Doorway(options);
  for (let i = 0; i < pieces.length; i += 1) {
    const ours = Buffer.from(pieces[i] ?? '');
    const step = door.push(ours);
    check(DOOR_STEPS.has(step.kind), `a step of kind ${step.kind}`);
    const stream =
      'bytes' in step ? Buffer.concat([step.bytes, ...pieces.slice(i + 1)]).toString('latin1') : null;
    const line = 'line' in step ? step.line : null;
    const reason = 'fault' in step ? step.fault : null;
    // The caller's memory is used again.
    ours.fill(0x21);
    if (step.kind === 'more' && i < pieces.length - 1) continue;
    check(line === null || Buffer.byteLength(line) <= options.lineBytes, 'a line beyond its limit');
    const { source, authority, hasHeader } = door;
    return { kind: step.kind, fault: reason, line, stream, source, authority, hasHeader };
  }
  return { kind: 'more' };
}

function frame(
  pieces: readonly Buffer[],
  mostBytes: number,
): { readonly fault: string | null; readonly lines: string[] } {
  const framer = new LineFramer();
  const lines: string[] = [];
  for (const piece of pieces) {
    const ours = Buffer.from(piece);
    const fault = framer.push(ours, mostBytes, {
      onLine: (line) => {
        lines.push(line);
        return true;
      },
    });
    ours.fill(0x21);
    if (fault !== null) return { fault, lines };
  }
  return { fault: null, lines };
}

const DOORWAY: FuzzTarget = {
  name: 'doorway',
  own: [
    ...CORPUS.openings,
    ...CORPUS.openings.map(({ text }, i) => seedOf(`${text}${CORPUS.miner[i]?.text ?? ''}\n`)),
  ],
  others: [...CORPUS.openings, ...CORPUS.miner],
  run(input, chance) {
    const bytes = Buffer.from(chance.below(2) === 0 ? `${input}\n` : input, 'latin1');
    const options = chance.pick(DOORS);
    const whole = passDoor([bytes], options);
    check(isDeepStrictEqual(passDoor(cut(bytes, chance), options), whole), 'another cut gives another step');
    checkWeight(whole, input);
    return shapeOf(whole);
  },
};

const FRAMER: FuzzTarget = {
  name: 'line-framer',
  own: [...CORPUS.miner, ...CORPUS.pool].map(({ text }) => seedOf(`${text}\r\n${text}\n`)),
  others: [...CORPUS.openings, ...CORPUS.pool],
  run(input, chance) {
    const bytes = Buffer.from(input, 'latin1');
    const most = chance.pick([64, 1024, 65_536]);
    const whole = frame([bytes], most);
    check(isDeepStrictEqual(frame(cut(bytes, chance), most), whole), 'another cut gives other lines');
    checkWeight(whole, input);
    for (const line of whole.lines) {
      // Blank is what has ASCII's white space alone: other is text, and the parser's to refuse.
      check(
        !line.includes('\n') && /[^ \t\r\v\f]/.test(line) && Buffer.byteLength(line) <= most,
        'a line that is none',
      );
    }
    return `${whole.fault} ${Math.min(whole.lines.length, 3)}`;
  },
};

const OPENINGS: ReadonlySet<string> = new Set([
  'more',
  'proxy-v1',
  'proxy-v2',
  'tls',
  'http',
  'json',
  'sv2',
  'sv2-plaintext',
  'text',
]);

const OPENING: FuzzTarget = {
  name: 'opening',
  own: CORPUS.openings,
  others: [...CORPUS.openings, ...CORPUS.miner],
  run(input, chance) {
    const bytes = Buffer.from(input, 'latin1');
    const opening = detectOpening(bytes);
    check(OPENINGS.has(opening), `an opening ${opening}`);
    check(opening !== 'more' || bytes.length <= 64, `${bytes.length} bytes are still undecided`);
    const earlier = detectOpening(bytes.subarray(0, chance.below(bytes.length + 1)));
    check(earlier === 'more' || earlier === opening, `${earlier} becomes ${opening}`);
    return opening;
  },
};

const HEADER: FuzzTarget = {
  name: 'proxy-protocol',
  own: CORPUS.openings.filter(({ text }) => text.startsWith('PROXY') || text.startsWith('\r\n\r\n\0')),
  others: [...CORPUS.openings, ...CORPUS.miner],
  run(input, chance) {
    const isText = chance.below(2) === 0;
    const given = Buffer.from(input, 'latin1');
    const prefix = isText ? V1_PREFIX : V2_SIGNATURE;
    const bytes = given.subarray(0, prefix.length).equals(prefix) ? given : Buffer.concat([prefix, given]);
    const read = bytes.subarray(0, 6).equals(V1_PREFIX) ? readProxyV1 : readProxyV2;
    const header = read(bytes);
    check(header.kind === 'more' || header.kind === 'header' || header.kind === 'fault', 'no kind of header');
    const earlier = read(bytes.subarray(0, prefix.length + chance.below(bytes.length - prefix.length + 1)));
    check(earlier.kind === 'more' || isDeepStrictEqual(earlier, header), 'more bytes change a header');
    check(header.kind !== 'more' || bytes.length < 16 + 4096, 'a header without end');
    if (header.kind === 'header') {
      checkNumber(header.byteLength, 1, bytes.length, 'length of a header');
      if (header.source !== null) checkNumber(header.source.port, 0, 65_535, 'port');
      if (header.source !== null) checkText(header.source.address, 45, 'address');
      checkText(header.authority ?? '', 255, 'authority');
    }
    return shapeOf(header);
  },
};

const DETECTED: ReadonlySet<string> = new Set(['certain', 'likely', 'unspoken', 'other-flavour', 'unknown']);
const NAMES = DIALECTS.map(({ name }) => name);

const DETECTOR: FuzzTarget = {
  name: 'detector',
  own: CORPUS.miner,
  others: [...CORPUS.miner, ...CORPUS.openings],
  run(input, chance) {
    const line = lineOf(input);
    const hints: DialectHints = {
      remembered: chance.below(3) === 0 ? chance.pick(NAMES) : null,
      listenerDialect: chance.below(3) === 0 ? chance.pick(NAMES) : null,
      configured: NAMES.filter(() => chance.below(3) === 0),
      known: NAMES,
      serverName: chance.below(4) === 0 ? `${chance.pick(NAMES)}.pool.example` : null,
    };
    const first = readFirstLine(line);
    const found = detectDialect(line, hints);
    check(DETECTED.has(found.kind), `found ${found.kind}`);
    if (first === null) {
      check(found.kind === 'unknown', 'something was found in a line that is no object');
      return 'none';
    }
    check(
      isDeepStrictEqual(detectFirstLine(first, hints), found),
      'the line alone and the line read say two things',
    );
    checkText(first.method, 64, 'method');
    checkText(first.agent, 256, 'agent');
    checkText(first.sessionId ?? '', 64, 'session id');
    checkText(first.host ?? '', 260, 'host');
    if (found.kind === 'certain' || found.kind === 'likely')
      check(NAMES.includes(found.dialect), 'found one that is not spoken');
    return `${found.kind} ${'dialect' in found ? found.dialect : ''} ${first.agent === ''} ${first.sessionId === null} ${first.host === null}`;
  },
};

/** An input as the line that a framer would make of it. */
function lineOf(input: string): string {
  const end = input.indexOf('\n');
  const line = end < 0 ? input : input.slice(0, end);
  const bytes = Buffer.from(line, 'latin1');
  return bytes.toString('utf8');
}

const KINDS_OF_REQUESTS: ReadonlySet<string> = new Set([
  'submit',
  'login',
  'get-job',
  'courtesy',
  'hello',
  'configure',
  'subscribe',
  'authorize',
  'suggest-difficulty',
  'suggest-target',
  'extranonce-subscribe',
  'multi-version',
  'get-transactions',
  'capabilities',
  'ping',
  'reply',
  'unknown',
  'malformed',
  'fault',
]);

const SESSION_ID = '6351117f64';

function viewOf(work: Work, chance: Mutation, given: Partial<JobView> = {}): JobView {
  return {
    jobId: '2a',
    work,
    coinb1Insert: chance.below(2) === 0 ? '' : 'f78d026b00',
    lane: work.family === 'cryptonote' && chance.below(2) === 0 ? '1b' : '',
    ntime: 1_700_000_000,
    clean: chance.below(2) === 0,
    difficulty: chance.pick([1, 2.3e-10, 512.5, 1e15]),
    target: work.family === 'bitcoin' || chance.below(3) === 0 ? null : work.target,
    scale: 1,
    divider: chance.pick([1, 65_536]),
    algorithm: chance.pick(['randomx', 'sha256d', '']),
    form: chance.pick(['array', 'hex']),
    sessionId: SESSION_ID,
    ...given,
  };
}

function factsOf(work: Work, chance: Mutation, subscription: PoolSubscription): ShareFacts {
  const isRolling = chance.below(2) === 0;
  return {
    user: 'account.rig',
    work: chance.below(4) === 0 && work.family !== 'bitcoin' ? null : work,
    poolJobId: work.poolJobId,
    version: work.family === 'bitcoin' ? work.version : 0,
    ntime: work.family === 'bitcoin' ? work.ntime : 0,
    extranonce1: subscription.extranonce1,
    extranonce2Bytes: subscription.extranonce2Bytes,
    lane: work.family === 'bitcoin' ? 'a1b2' : '',
    versionMask: isRolling ? 0x1fffe000 : 0,
    isRolling,
    judges: chance.below(2) === 0,
  };
}

const SUBSCRIPTIONS: readonly PoolSubscription[] = [
  { sessionId: null, extranonce1: '', extranonce2Bytes: 8 },
  { sessionId: 's-1', extranonce1: 'af4C', extranonce2Bytes: 4 },
  { sessionId: 's-2', extranonce1: '0a0b0c0d', extranonce2Bytes: 4 },
  { sessionId: '\ud800"\\', extranonce1: '0a0b0c', extranonce2Bytes: 5, worker: 'w-1' },
];

/** Puts a share together as the living part does, and writes it and its worth. */
function followSubmit(
  dialect: Dialect,
  request: SubmitRequest,
  work: Work,
  chance: Mutation,
  subscription = chance.pick(SUBSCRIPTIONS),
): string {
  const facts = factsOf(work, chance, subscription);
  const assembled: Assembled = dialect.miner.assemble(request, facts);
  if (assembled.kind === 'malformed') {
    checkText(assembled.problem, 200, 'problem');
    checkLines(
      dialect.miner.refuse(request.id, { reason: 'malformed', message: assembled.problem, code: null }),
    );
    return assembled.problem.replace(/\d+|[0-9a-f]{4,}/g, '0');
  }
  check(assembled.kind === 'share', 'assembled to neither a share nor a problem');
  const { share } = assembled;
  checkLines(poolLine(dialect, share, subscription));
  return `share ${followClaim(dialect, share, work, chance)}`;
}

/** A share goes out in the pool's dialect, which may be another of the family. */
function poolLine(dialect: Dialect, share: PoolShare, subscription: PoolSubscription): string {
  return dialect.pool.submit(12, share, subscription);
}

function followClaim({ claim }: Dialect, share: PoolShare, work: Work, chance: Mutation): string {
  if (claim === null) return '';
  const target = work.family === 'bitcoin' || chance.below(4) === 0 ? null : work.target;
  const { hashes, meetsPool, fingerprint } = claim(share, work, target);
  checkNumber(hashes, 0, Number.MAX_VALUE, 'hashes of a claim');
  check(typeof meetsPool === 'boolean' && Number.isSafeInteger(fingerprint), 'a claim that is none');
  return String(meetsPool);
}

/** Whose miners can work for pools of this dialect. */
function servedBy({ name, family }: Dialect): Dialect[] {
  return DIALECTS.filter((other) => other.family === family && other.pairing(name) !== 'none');
}

/** What has to hold for work that a pool's line was read to, and for all lines that are written from it. */
function followWork(
  dialect: Dialect,
  work: Work,
  submits: readonly SubmitRequest[],
  chance: Mutation,
): string {
  check(work.family === dialect.family, `work of ${work.family}`);
  const { pool } = dialect;
  const marks = [
    pool.namedAlgorithm?.(work) ?? '',
    pool.impliedAlgorithm?.(work) ?? '',
    String(pool.isOwnJob?.(work) ?? ''),
  ];
  if (work.family !== 'bitcoin' && work.target !== null) {
    checkNumber(work.target.hashes, Number.MIN_VALUE, Number.MAX_VALUE, 'hashes of a target');
    checkText(work.target.text, 80, 'target');
  }
  for (const { miner } of servedBy(dialect)) {
    check(typeof miner.jobId(work) === 'string', 'a job without an id');
    const view = viewOf(work, chance, work.family === 'autolykos' ? { target: work.target } : {});
    const named = miner.ownJobIds ? view : { ...view, jobId: miner.jobId(work) };
    checkLines(miner.difficulty(named));
    checkLines(miner.job(named));
    checkLines(miner.currentJob('1', named));
    checkLines(miner.authorized('"a"', { sessionId: SESSION_ID, job: chance.below(4) === 0 ? null : named }));
  }
  const request = submits.length === 0 ? null : chance.pick(submits);
  const followed = request === null ? '' : followSubmit(dialect, request, work, chance);
  return `${marks.map((mark) => mark.length).join()} ${followed}`;
}

function requestsOf(dialect: Dialect): SubmitRequest[] {
  return grammarOf(dialect.name).submits.map((line) => {
    const request = dialect.miner.decode(line);
    check(request.kind === 'submit', `a submit of ${dialect.name} decodes to ${JSON.stringify(request)}`);
    return request;
  });
}

function worksOf(dialect: Dialect): Work[] {
  return grammarOf(dialect.name).jobs.flatMap((line) => {
    const event = dialect.pool.decode(line);
    const events = event.kind === 'several' ? event.events : [event];
    const works = events.flatMap((one) => (one.kind === 'job' ? [one.work] : []));
    check(works.length > 0, `a job of ${dialect.name} decodes to ${JSON.stringify(event)}`);
    return works;
  });
}

function minerTarget(dialect: Dialect): FuzzTarget {
  const { miner, pool } = dialect;
  const works = worksOf(dialect);
  return {
    name: `${dialect.name}/miner`,
    own: grammarSeeds(dialect.name, 'miner'),
    others: CORPUS.miner,
    run(input, chance) {
      const request = miner.decode(lineOf(input));
      check(KINDS_OF_REQUESTS.has(request.kind), `a request of kind ${request.kind}`);
      checkWeight(request, input);
      return shapeOf(request) + followRequest(request, chance);
    },
  };

  function followRequest(request: MinerRequest, chance: Mutation): string {
    if (request.kind === 'fault') {
      checkText(request.problem, 200, 'problem');
      return '';
    }
    const { id } = request;
    checkText(id, 256, 'id');
    checkLines(miner.yes(id));
    switch (request.kind) {
      case 'submit':
        check(request.family === dialect.family, `a submit of ${request.family}`);
        checkText(request.jobId, 128, 'job id');
        checkText(request.user, 512, 'user');
        return followSubmit(dialect, request, chance.pick(works), chance);
      case 'login':
        checkText(request.agent, 256, 'agent');
        checkText(request.user + request.rig, 1024, 'user and rig');
        checkText(request.password, 512, 'password');
        checkLogin(request.user, request.password);
        break;
      case 'authorize':
        checkText(request.user, 512, 'user');
        checkText(request.password, 512, 'password');
        checkLogin(request.user, request.password);
        break;
      case 'hello':
      case 'subscribe': {
        checkText(request.agent, 256, 'agent');
        const sessionId = request.kind === 'hello' ? null : request.sessionId;
        checkText(sessionId ?? '', 64, 'session id');
        miner.formOf?.(request.agent);
        if (miner.nonces.kind === 'prefix') miner.nonces.isTakenBy?.(request.agent);
        checkLines(miner.hello(id));
        const view = { sessionId: SESSION_ID, extranonce1: 'a1', extranonce2Bytes: 3, agent: request.agent };
        checkLines(miner.subscribed(id, view));
        break;
      }
      case 'configure':
        check(request.extensions.length <= 16, 'more than 16 extensions');
        for (const code of request.extensions) checkText(code, 64, 'extension');
        checkNumber(request.versionMask, 0, 0xffffffff, 'mask');
        checkNumber(request.minimumDifficulty ?? 0, 0, Number.MAX_VALUE, 'minimum difficulty');
        checkLines(
          miner.configured(id, {
            extensions: request.extensions,
            versionMask: request.versionMask,
            minimumDifficulty: request.minimumDifficulty !== null,
            subscribeExtranonce: true,
          }),
        );
        break;
      case 'suggest-difficulty':
        checkNumber(request.difficulty, Number.MIN_VALUE, Number.MAX_VALUE, 'difficulty');
        checkLines(pool.suggestDifficulty?.(7, request.difficulty) ?? '');
        break;
      case 'suggest-target':
        checkText(request.target, 64, 'target');
        check(isHex(request.target), 'a target that is not hex');
        break;
      case 'unknown':
      case 'malformed':
        checkText(request.method, 64, 'method');
        checkLines(miner.refuse(id, { reason: 'other', message: request.method, code: null }));
        break;
      case 'get-job':
      case 'courtesy':
      case 'extranonce-subscribe':
      case 'multi-version':
      case 'get-transactions':
      case 'capabilities':
      case 'ping':
      case 'reply':
        checkLines(miner.pong(id) + miner.transactions(id));
    }
    return '';
  }

  function checkLogin(user: string, password: string): void {
    const facts: LoginFacts = {
      user,
      password,
      agent: 'proxy/1.0',
      host: 'pool.example',
      port: 3333,
      algorithm: 'randomx',
      sessionId: user === '' ? null : user,
      versionMask: 0x1fffe000,
      isPlain: false,
    };
    for (const call of pool.login) checkLines(call.write(3, facts) ?? '');
    checkLines(pool.furtherName?.(4, user, password) ?? '');
  }
}

const KINDS_OF_EVENTS: ReadonlySet<string> = new Set([
  'reply',
  'job',
  'difficulty',
  'target',
  'standing',
  'scale',
  'several',
  'extranonce',
  'version-mask',
  'reconnect',
  'ping',
  'get-version',
  'message',
  'notice',
  'fault',
]);

const REASONS: ReadonlySet<string> = new Set(SHARE_RESULTS);

function poolTarget(dialect: Dialect): FuzzTarget {
  const { miner, pool } = dialect;
  const requests = requestsOf(dialect);
  const works = worksOf(dialect);
  return {
    name: `${dialect.name}/pool`,
    own: grammarSeeds(dialect.name, 'pool'),
    others: CORPUS.pool,
    run(input, chance) {
      const event = pool.decode(lineOf(input));
      checkWeight(event, input);
      return shapeOf(event) + followEvent(event, chance);
    },
  };

  function followEvent(event: PoolEvent, chance: Mutation): string {
    check(KINDS_OF_EVENTS.has(event.kind), `an event of kind ${event.kind}`);
    switch (event.kind) {
      case 'several':
        return event.events.map((one) => followEvent(one, chance)).join('|');
      case 'job':
        return followWork(dialect, event.work, requests, chance);
      case 'reply':
        return followReply(event, chance);
      case 'standing':
        return followStanding(event.standing, chance);
      case 'difficulty':
        checkNumber(event.difficulty, Number.MIN_VALUE, Number.MAX_VALUE, 'difficulty');
        checkView({ difficulty: event.difficulty }, chance);
        return '';
      case 'target':
        checkNumber(event.target.hashes, Number.MIN_VALUE, Number.MAX_VALUE, 'hashes of a target');
        checkView({ target: event.target }, chance);
        return '';
      case 'scale':
        checkNumber(event.factor, Number.MIN_VALUE, Number.MAX_VALUE, 'scale');
        checkView({ scale: event.factor }, chance);
        return '';
      case 'extranonce':
        followExtranonce(event, chance);
        return '';
      case 'version-mask':
        checkNumber(event.mask, 0, 0xffffffff, 'mask');
        checkLines(miner.versionMask(event.mask));
        return '';
      case 'reconnect':
        checkText(event.host ?? '', 260, 'host');
        checkNumber(event.port ?? 1, 1, 65_535, 'port');
        checkNumber(event.waitSeconds, 0, 3600, 'wait');
        return '';
      case 'ping':
        checkLines(pool.pong(event.id));
        return '';
      case 'get-version':
        checkLines(pool.version(event.id, 'proxy/1.0'));
        return '';
      case 'message':
        checkText(event.text, 200, 'message');
        checkLines(pool.acknowledge(event.id) + miner.message(event.text));
        return '';
      case 'notice':
        checkText(event.method, 64, 'method');
        return '';
      case 'fault':
        checkText(event.problem, 300, 'problem');
        return '';
    }
  }

  function checkView(given: Partial<JobView>, chance: Mutation): void {
    const work = chance.pick(works);
    // The number is this work's own, which the dialect always hands out with it.
    const own = work.family === 'autolykos' ? { target: work.target } : {};
    const view = viewOf(work, chance, { target: null, divider: 1, ...own, ...given });
    for (const other of servedBy(dialect)) checkLines(other.miner.difficulty(view) + other.miner.job(view));
  }

  function followExtranonce(
    { extranonce1, extranonce2Bytes }: Pick<PoolSubscription, 'extranonce1' | 'extranonce2Bytes'>,
    chance: Mutation,
  ): void {
    checkHex(extranonce1, 32, 'extranonce1');
    checkNumber(extranonce2Bytes, 0, 32, 'bytes of extranonce2');
    checkLines(miner.extranonce(extranonce1, extranonce2Bytes));
    const subscription = { sessionId: null, extranonce1, extranonce2Bytes };
    followSubmit(dialect, chance.pick(requests), chance.pick(works), chance, subscription);
  }

  function followStanding(standing: StandingParts, chance: Mutation): string {
    return followWork(dialect, withStanding(chance.pick(works), standing), requests, chance);
  }

  function followReply(
    { id, result, refusal }: PoolEvent & { readonly kind: 'reply' },
    chance: Mutation,
  ): string {
    check(Number.isSafeInteger(id), `a reply to ${id}`);
    check(typeof pool.isYes(result) === 'boolean', 'neither yes nor no');
    if (refusal !== null) {
      checkText(refusal.message, 200, 'refusal');
      check(refusal.code === null || Number.isSafeInteger(refusal.code), `code ${refusal.code}`);
      const reason = pool.classify(refusal);
      check(REASONS.has(reason), `a reason ${reason}`);
      checkLines(miner.refuse('"x"', { reason, message: refusal.message, code: refusal.code }));
    }
    let shape = '';
    for (const call of pool.login) {
      const outcome = call.read(result, refusal);
      shape += ` ${outcome.kind}`;
      if (outcome.kind === 'unusable') checkText(outcome.problem, 300, 'problem');
      else if (outcome.kind === 'refused') checkText(outcome.refusal.message, 200, 'refusal');
      else {
        check(outcome.kind === 'taken', 'an outcome of no kind');
        const { subscription, versionMask, work, worker } = outcome;
        checkNumber(versionMask ?? 0, 0, 0xffffffff, 'mask');
        checkText(worker ?? '', 128, 'worker');
        if (subscription !== undefined) {
          checkText(subscription.sessionId ?? '', 128, 'session id');
          followExtranonce(subscription, chance);
          const named = worker === undefined ? subscription : { ...subscription, worker };
          checkLines(pool.keepalive?.(8, named) ?? '');
        }
        if (work !== undefined) shape += followWork(dialect, work, requests, chance);
      }
    }
    return shape;
  }
}

/** All that is fed. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  DOORWAY,
  FRAMER,
  OPENING,
  HEADER,
  DETECTOR,
  ...DIALECTS.flatMap((dialect) => [minerTarget(dialect), poolTarget(dialect)]),
];
