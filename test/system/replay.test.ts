import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareCounts } from '../../src/domain/counts.ts';
import { SHARE_RESULTS, type ShareResult } from '../../src/domain/result.ts';
import { type CaptureEvent, type Dialogue, readCaptures } from '../support/capture.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { startProxyBed, testAccount, testSettings } from '../support/proxy-bed.ts';
import { notify, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';

/**
 * Recorded dialogues between other people's miners and pools, with the proxy put between the two: the miner's lines go to our session, the
 * pool's to our upstream, each as it was recorded. Changed are only what differs from connection to connection: the user name (our account
 * instead of the pool's), the job id and the extranonce2 (ours instead of the pool's), ids of replies to us. Shares are judged by the recorded verdicts.
 */

const ACCOUNT = '00c0ffee00c0ffee';
const PREFIX_BYTES = 1;
const SIZE_BYTES = 3;
const OUR_MASK = 0x1fffe000;

/** A line of the recording, with the writes it came in. */
interface Entry {
  readonly event: CaptureEvent;
  readonly text: string;
  readonly writes: readonly string[];
  /** null where it is no JSON. */
  readonly message: Message | null;
}

function readEntries(dialogue: Dialogue): Entry[] {
  const entries: Entry[] = [];
  let parts: string[] = [];
  for (const event of dialogue.events) {
    if (event.kind === 'part') {
      parts.push(event.text);
      continue;
    }
    const text = parts.join('') + (event.kind === 'end' ? '' : event.text);
    const writes = event.kind === 'end' ? [] : [...parts, `${event.text}\n`];
    parts = [];
    entries.push({ event, text, writes, message: event.isTruncated ? cutJob(text) : readMessage(text) });
  }
  return entries;
}

function readMessage(text: string): Message | null {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return null;
  }
}

/** A job that the recorder cut, with its id and previous hash. */
function cutJob(text: string): Message {
  const [, id, prevHash] = /"params":\["([^"]+)","([0-9a-f]{64})"/.exec(text) ?? [];
  assert.ok(id !== undefined && prevHash !== undefined, text);
  return notify({ id, prevHash });
}

const paramsOf = (message: Message): readonly unknown[] =>
  Array.isArray(message['params']) ? (message['params'] as readonly unknown[]) : [];

const json = (value: unknown): string => JSON.stringify(value);

/** The recorded reply with our request's id in place of the recorded one; nothing else is touched. */
function withId(text: string, id: unknown): string {
  return text.replace(/"id":\s*(?:"[^"]*"|[^,}\s]+)/, `"id":${json(id)}`);
}

/** Which pool line answers which miner line: the first that is open under its id. */
function matchAnswers(entries: readonly Entry[]): Map<Entry, Entry> {
  const answered = new Map<Entry, Entry>();
  const open: Entry[] = [];
  for (const entry of entries) {
    const { message } = entry;
    if (message === null) continue;
    if (entry.event.from === 'miner') {
      open.push(entry);
      continue;
    }
    const id = json(message['id']);
    if (message['method'] !== undefined || id === 'null') continue;
    const index = open.findIndex((request) => json(request.message?.['id']) === id);
    const [request] = index < 0 ? [] : open.splice(index, 1);
    if (request !== undefined) answered.set(entry, request);
  }
  return answered;
}

/** What a refused share must come to where the recorded pool gave no code, and its bucket in the books. */
const REFUSALS: Readonly<Record<string, readonly [code: number, bucket: ShareResult]>> = {
  'Above target': [23, 'low-difficulty'],
  'low difficulty share of 0': [23, 'low-difficulty'],
  'duplicate share': [22, 'duplicate'],
  'Ntime out of range': [20, 'malformed'],
  'ntime out of range': [20, 'malformed'],
  'Worker mismatch': [24, 'unauthorized'],
};

/** Submits that must not reach the pool, by the recorder's note. */
const REFUSED_HERE: Readonly<Record<string, readonly [code: number, words: RegExp, bucket: ShareResult]>> = {
  'extranonce2 too short': [20, /^extranonce2 must have 3 bytes$/, 'malformed'],
  'extranonce2 too long': [20, /^extranonce2 must have 3 bytes$/, 'malformed'],
  'version bits outside the mask': [20, /^Version bits outside the mask$/, 'malformed'],
  '4 params only': [20, /submit needs worker, job id/i, 'malformed'],
  'nonce not hex': [20, /nonce must be 8 hex digits/, 'malformed'],
  'unknown job': [21, /^Job not found$/, 'unknown-job'],
  'job as number': [20, /job id must be a string/, 'malformed'],
  'empty params': [20, /submit needs worker, job id/i, 'malformed'],
  'null params': [20, /submit needs worker, job id/i, 'malformed'],
};
const UNKNOWN_JOB = REFUSED_HERE['unknown job'];

/** What the miner must be told for one of its lines; null while the pool has not spoken. */
interface Due {
  readonly request: Entry;
  check: ((reply: Message) => void) | null;
}

interface SentJob {
  readonly id: string;
  readonly difficulty: number;
  readonly version: number;
}

class Replay {
  readonly #entries: readonly Entry[];
  readonly #answers: Map<Entry, Entry>;
  readonly #user: string;
  readonly #password: string;
  readonly #algorithm: string;
  readonly #pool: ScriptedPool;
  readonly #miner: LinePeer;
  #upstream: LinePeer | null = null;

  /** What the recorded pool gave out. */
  #extranonce1 = '08000002';
  #room = 4;
  #poolMask = 0;
  #difficulty = 1;
  #newest: readonly unknown[] = [];

  /** What the miner was given. */
  #prefix: string | null = null;
  #isAuthorized = false;
  #askedMask: number | null = null;
  #isPlaced = false;
  #sentDifficulty = 0;
  readonly #jobs = new Map<string, SentJob>();
  readonly #jobIds = new Set<string>();
  readonly #due: Due[] = [];
  readonly #suggestions: unknown[] = [];
  readonly counts: Record<ShareResult, number>;
  difficultyAccepted = 0;
  #forwarded = new Map<Entry, unknown>();

  constructor(
    parts: { entries: readonly Entry[]; pool: ScriptedPool; miner: LinePeer },
    options: { user: string; password: string; algorithm: string },
  ) {
    this.#entries = parts.entries;
    this.#answers = matchAnswers(parts.entries);
    this.#pool = parts.pool;
    this.#miner = parts.miner;
    this.#user = options.user;
    this.#password = options.password;
    this.#algorithm = options.algorithm;
    this.counts = shareCounts();
  }

  get forwarded(): number {
    return this.#forwarded.size;
  }

  get suggestions(): readonly unknown[] {
    return this.#suggestions;
  }

  get jobsSent(): number {
    return this.#jobIds.size;
  }

  async run(): Promise<void> {
    const early = this.#earlyEntries();
    for (const entry of this.#entries) {
      if (entry.event.kind === 'end') break;
      if (entry.event.from === 'miner') await this.#onMiner(entry, early);
      else if (!early.has(entry)) await this.#onPool(entry);
    }
    assert.deepEqual(this.#due, [], 'every request was answered');
    const submits = this.#upstream?.messages.filter((m) => m['method'] === 'mining.submit') ?? [];
    assert.equal(submits.length, this.#forwarded.size, 'nothing else has reached the pool');
  }

  /** What the pool says up to its answer to authorize; our upstream hears it when it logs in. */
  #earlyEntries(): Set<Entry> {
    const pool = this.#entries.filter((entry) => entry.event.from === 'pool' && entry.event.kind === 'line');
    const end = pool.findIndex(
      (entry) => this.#answers.get(entry)?.message?.['method'] === 'mining.authorize',
    );
    return new Set(end < 0 ? pool : pool.slice(0, end + 1));
  }

  #answerTo(method: string): Entry | null {
    for (const [answer, request] of this.#answers) if (request.message?.['method'] === method) return answer;
    return null;
  }

  // ---- the pool's side

  /** Takes our upstream through its login with the recorded lines. */
  async #login(early: ReadonlySet<Entry>): Promise<void> {
    const upstream = await this.#pool.connection();
    this.#upstream = upstream;
    if (this.#algorithm === 'sha256d') {
      const configure = await upstream.next();
      assert.equal(configure['method'], 'mining.configure');
      const recorded = this.#answerTo('mining.configure')?.text ?? null;
      // The recorder's own bad shares were sent to pools that roll; other dialogues know no configure.
      const isRolling = recorded !== null || this.#entries.some((entry) => entry.event.note !== null);
      this.#poolMask = isRolling ? OUR_MASK : 0;
      const granted = `{"id":0,"error":null,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"}}`;
      const refused = `{"id":0,"result":null,"error":[-3,"Method not found",null]}`;
      upstream.send(withId(recorded ?? (isRolling ? granted : refused), configure['id']));
    }
    const subscribe = await upstream.next();
    assert.deepEqual(subscribe['params'], ['stratum-proxy/test']);
    const answer = this.#answerTo('mining.subscribe');
    const result = answer?.message?.['result'];
    if (answer !== null && Array.isArray(result)) {
      const [, extranonce1, size] = result as [unknown, string, number];
      this.#extranonce1 = extranonce1;
      this.#room = size;
      upstream.send(withId(answer.text, subscribe['id']));
    } else {
      upstream.send({ id: subscribe['id'], error: null, result: [[], this.#extranonce1, this.#room] });
    }
    const notifications = Array.from(early).filter(({ message }) => message?.['method'] !== undefined);
    for (const entry of notifications) this.#tellUpstream(entry);
    if (this.#newest.length === 0) {
      for (const message of [setDifficulty(512), notify()])
        this.#tellUpstream({ message, text: json(message) });
    }
    const authorize = await upstream.next();
    assert.deepEqual(authorize['params'], [this.#user, this.#password]);
    const recorded = this.#answerTo('mining.authorize');
    const isYes = recorded?.message?.['result'] === true;
    upstream.send(
      isYes ? withId(recorded.text, authorize['id']) : { id: authorize['id'], result: true, error: null },
    );
  }

  /** Sends a notification of the pool and takes note of what it means. */
  #tellUpstream(entry: Pick<Entry, 'message' | 'text'> & { readonly event?: CaptureEvent }): void {
    const { message } = entry;
    assert.ok(message !== null && this.#upstream !== null);
    if (message['method'] === 'mining.set_difficulty') this.#difficulty = Number(paramsOf(message)[0]);
    else if (message['method'] === 'mining.notify') this.#newest = paramsOf(message);
    this.#upstream.send(entry.event?.isTruncated === true ? message : entry.text);
  }

  async #onPool(entry: Entry): Promise<void> {
    const { message } = entry;
    assert.ok(message !== null, `the pool wrote ${entry.text}`);
    if (message['method'] !== undefined) {
      this.#tellUpstream(entry);
      if (message['method'] === 'mining.notify') await this.#expectJob(paramsOf(message)[8] === true);
      return;
    }
    const request = this.#answers.get(entry);
    const due = this.#due.find((candidate) => candidate.request === request);
    const id = request === undefined ? undefined : this.#forwarded.get(request);
    // An answer to something that our upstream never asked.
    if (due === undefined || id === undefined) return;
    this.#upstream?.send(withId(entry.text, id));
    due.check = this.#verdictOf(due.request, message);
    await this.#takeReplies();
  }

  #verdictOf(request: Entry, recorded: Message): (reply: Message) => void {
    const poolJobId = String(paramsOf(request.message ?? {})[1]);
    if (recorded['result'] === true) {
      this.counts.accepted += 1;
      this.difficultyAccepted += this.#jobs.get(poolJobId)?.difficulty ?? Number.NaN;
      return (reply) => {
        assert.equal(reply['result'], true);
        assert.equal(reply['error'], null);
      };
    }
    const error = recorded['error'];
    const [code, words] = Array.isArray(error)
      ? (error as [number, string])
      : [null, String(error ?? recorded['reject-reason'])];
    const expected = REFUSALS[words];
    assert.ok(expected !== undefined, `no bucket is given for ${words}`);
    this.counts[expected[1]] += 1;
    return (reply) => {
      assert.equal(reply['result'], null);
      assert.deepEqual(reply['error'], [code ?? expected[0], words, null]);
    };
  }

  // ---- the miner's side

  async #onMiner(entry: Entry, early: ReadonlySet<Entry>): Promise<void> {
    const { message } = entry;
    if (entry.text === '') {
      this.#miner.socket.write('\n');
      return;
    }
    if (message === null) {
      this.#miner.send(entry.text);
      assert.deepEqual(await this.#miner.next(), {
        id: null,
        result: null,
        error: [20, 'Not a JSON object', null],
      });
      await this.#miner.closed();
      return;
    }
    const method = String(message['method']);
    if (method === 'mining.submit') {
      await this.#submit(entry, message);
      return;
    }
    for (const write of entry.writes) {
      const text = method === 'mining.authorize' ? write.replace(this.#user, `${ACCOUNT}.rig`) : write;
      await new Promise<void>((resolve, reject) => {
        this.#miner.socket.write(text, (error) => (error ? reject(error) : resolve()));
      });
    }
    const isFirstAuthorize = method === 'mining.authorize' && !this.#isAuthorized;
    if (isFirstAuthorize) await this.#login(early);
    if (message['id'] !== null) {
      this.#due.push({ request: entry, check: this.#replyTo(method, message) });
      await this.#takeReplies();
    }
    if (method === 'mining.authorize') this.#isAuthorized = true;
    if (!this.#isPlaced && this.#isAuthorized && this.#prefix !== null) await this.#expectJob(true);
    if (method === 'mining.suggest_difficulty' && this.#isPlaced)
      await this.#takeFromUpstream('mining.suggest_difficulty');
  }

  /** What we answer at once, whatever the recorded pool did. */
  #replyTo(method: string, request: Message): (reply: Message) => void {
    const succeeds = (result: unknown) => (reply: Message) => {
      assert.deepEqual(reply, { id: request['id'], result, error: null });
    };
    const fails = (code: number, words: RegExp) => (reply: Message) => {
      const [given, text, rest] = reply['error'] as [number, string, null];
      assert.deepEqual([reply['id'], reply['result'], given, rest], [request['id'], null, code, null]);
      assert.match(text, words);
    };
    switch (method) {
      case 'mining.subscribe':
        return (reply) => this.#onSubscribed(reply, request);
      case 'mining.configure':
        return succeeds(this.#configured(paramsOf(request)));
      case 'mining.authorize':
        return this.#isAuthorized ? fails(24, /another account/) : succeeds(true);
      case 'mining.suggest_difficulty':
      case 'mining.extranonce.subscribe':
        return succeeds(true);
      case 'mining.get_transactions':
        return succeeds([]);
      case 'mining.ping':
        return succeeds('pong');
      case 'mining.multi_version':
        return fails(20, /^mining\.multi_version is not supported/);
      default:
        return fails(20, new RegExp(`^Unknown method ${method}$`));
    }
  }

  #onSubscribed(reply: Message, request: Message): void {
    assert.deepEqual([reply['id'], reply['error']], [request['id'], null]);
    const [names, prefix, size] = reply['result'] as [[string, string][], string, number];
    const ids = names.map(([, id]) => id);
    assert.deepEqual(names, [
      ['mining.set_difficulty', ids[0]],
      ['mining.notify', ids[0]],
    ]);
    assert.match(ids[0] ?? '', /^[0-9a-f]{16}$/);
    assert.match(prefix, /^[0-9a-f]{2}$/);
    assert.equal(size, SIZE_BYTES);
    if (this.#prefix !== null) assert.equal(prefix, this.#prefix, 'a second subscribe changes nothing');
    this.#prefix = prefix;
  }

  /** Only what was asked for is answered. */
  #configured(params: readonly unknown[]): Record<string, unknown> {
    const [extensions, options] = params as [string[], Record<string, unknown>];
    const result: Record<string, unknown> = {};
    for (const name of extensions) {
      result[name] = true;
      if (name !== 'version-rolling') continue;
      this.#askedMask = Number.parseInt(String(options['version-rolling.mask']), 16);
      result['version-rolling.mask'] = ((this.#askedMask & OUR_MASK) >>> 0).toString(16).padStart(8, '0');
    }
    return result;
  }

  /** The newest job of the pool as the miner must get it: mask and difficulty first where they are news. */
  async #expectJob(clean: boolean): Promise<void> {
    if (!this.#isPlaced) {
      const mask = this.#askedMask === null ? null : (this.#askedMask & this.#poolMask) >>> 0;
      if (mask !== null) {
        const announced = await this.#miner.next();
        assert.equal(announced['method'], 'mining.set_version_mask');
        assert.deepEqual(announced['params'], [mask.toString(16).padStart(8, '0')]);
      }
    }
    if (this.#difficulty !== this.#sentDifficulty) {
      const line = await this.#miner.next();
      assert.deepEqual(line, { id: null, method: 'mining.set_difficulty', params: [this.#difficulty] });
      this.#sentDifficulty = this.#difficulty;
    }
    const job = await this.#miner.next();
    assert.deepEqual([job['id'], job['method']], [null, 'mining.notify']);
    const [id, prevHash, coinb1, coinb2, branch, version, nbits, ntime, isClean, ...rest] = paramsOf(job);
    const [poolJobId, poolPrevHash, poolCoinb1, poolCoinb2, poolBranch, poolVersion, poolNbits, poolNtime] =
      this.#newest;
    assert.ok(typeof id === 'string' && /^[0-9a-f]{1,12}$/.test(id));
    assert.ok(!this.#jobIds.has(id), 'a job id never comes twice');
    this.#jobIds.add(id);
    assert.deepEqual(
      [prevHash, coinb1, coinb2, branch, version, nbits, ntime],
      [
        poolPrevHash,
        `${String(poolCoinb1)}${this.#extranonce1}${this.#slot}`,
        poolCoinb2,
        poolBranch,
        poolVersion,
        poolNbits,
        poolNtime,
      ],
    );
    assert.equal(isClean, this.#isPlaced ? clean : true);
    assert.deepEqual(rest, []);
    this.#isPlaced = true;
    this.#jobs.set(String(poolJobId), {
      id,
      difficulty: this.#difficulty,
      version: Number.parseInt(String(poolVersion), 16),
    });
    for (const _ of this.#wishesBefore()) await this.#takeFromUpstream('mining.suggest_difficulty');
  }

  /** The one wish that waited for the login, taken once. */
  #wishesBefore(): readonly unknown[] {
    if (this.#jobIds.size > 1) return [];
    const authorized = this.#entries.findIndex((entry) => entry.message?.['method'] === 'mining.authorize');
    const wishes = this.#entries
      .slice(0, authorized)
      .filter((entry) => entry.message?.['method'] === 'mining.suggest_difficulty');
    return wishes.slice(-1);
  }

  /** The lane is slot and prefix; the first session of an upstream has the lowest slot. */
  get #slot(): string {
    return '00'.repeat(this.#room - PREFIX_BYTES - SIZE_BYTES);
  }

  async #submit(entry: Entry, message: Message): Promise<void> {
    const params = paramsOf(message);
    const [user, poolJobId, extranonce2] = params;
    const job = typeof poolJobId === 'string' ? this.#jobs.get(poolJobId) : undefined;
    const mined = typeof extranonce2 === 'string' ? this.#ownExtranonce2(extranonce2) : '';
    this.#miner.send(
      replaceStrings(entry.text, [
        [String(user), user === this.#user ? `${ACCOUNT}.rig` : String(user)],
        [String(poolJobId), job?.id ?? String(poolJobId)],
        [String(extranonce2), mined],
      ]),
    );
    const here = entry.event.note === null ? undefined : REFUSED_HERE[entry.event.note];
    const refusal = here ?? (job === undefined ? UNKNOWN_JOB : undefined);
    if (refusal !== undefined) {
      const [code, words, bucket] = refusal;
      this.counts[bucket] += 1;
      const check = (reply: Message): void => {
        const [given, text] = reply['error'] as [number, string];
        assert.deepEqual([reply['result'], given], [null, code], text);
        assert.match(text, words);
      };
      this.#due.push({ request: entry, check });
      await this.#takeReplies();
      return;
    }
    assert.ok(job !== undefined);
    const atPool = await this.#takeFromUpstream('mining.submit');
    const rolled = params[5] ?? ((job.version & this.#poolMask) >>> 0).toString(16).padStart(8, '0');
    assert.deepEqual(atPool['params'], [
      this.#user,
      poolJobId,
      this.#slot + String(this.#prefix) + mined,
      params[3],
      params[4],
      ...(this.#poolMask === 0 ? [] : [rolled]),
    ]);
    this.#forwarded.set(entry, atPool['id']);
    this.#due.push({ request: entry, check: null });
  }

  /** As many bytes more or less than we gave out as the miner sent more or less than its pool gave out. */
  #ownExtranonce2(recorded: string): string {
    const bytes = Math.max(SIZE_BYTES + recorded.length / 2 - this.#room, 1);
    return recorded.padEnd(bytes * 2, '0').slice(0, bytes * 2);
  }

  /** Takes the replies that must have come by now, in the order of the requests. */
  async #takeReplies(): Promise<void> {
    for (;;) {
      const [due] = this.#due;
      if (due === undefined || due.check === null) return;
      this.#due.shift();
      const reply = await this.#miner.next();
      assert.equal(reply['method'], undefined, json(reply));
      assert.deepEqual(reply['id'], due.request.message?.['id']);
      due.check(reply);
    }
  }

  async #takeFromUpstream(method: string): Promise<Message> {
    assert.ok(this.#upstream !== null);
    const message = await this.#upstream.next();
    assert.equal(message['method'], method);
    if (method === 'mining.suggest_difficulty') this.#suggestions.push(paramsOf(message)[0]);
    return message;
  }
}

/** Replaces JSON strings of a line one after the other, each behind the one before. */
function replaceStrings(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  let done = '';
  let rest = text;
  for (const [from, to] of changes) {
    const at = rest.indexOf(json(from));
    if (at < 0) continue;
    done += rest.slice(0, at) + json(to);
    rest = rest.slice(at + json(from).length);
  }
  return done + rest;
}

/** The credentials that the recorded miner authorised with. */
function credentialsOf(entries: readonly Entry[]): { user: string; password: string } {
  const authorize = entries.find((entry) => entry.message?.['method'] === 'mining.authorize');
  const [user, password] = paramsOf(authorize?.message ?? {}) as [string?, string?];
  return { user: user ?? 'nobody', password: password ?? '' };
}

async function replay(dialogue: Dialogue): Promise<Replay> {
  const entries = readEntries(dialogue);
  const credentials = credentialsOf(entries);
  const algorithm = dialogue.file.includes('scrypt') ? 'scrypt' : 'sha256d';
  await using pool = await new ScriptedPool().start();
  const account = testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }, { ...credentials, algorithm });
  const settings = testSettings({ extranonce: { prefixBytes: PREFIX_BYTES, sizeBytes: SIZE_BYTES } });
  await using bed = await startProxyBed([account], settings);
  const miner = await connectLines(bed.port);
  try {
    const run = new Replay({ entries, pool, miner }, { ...credentials, algorithm });
    await run.run();
    const total = bed.proxy.report().totals.find((row) => row.account === ACCOUNT);
    const received = SHARE_RESULTS.reduce((sum, result) => sum + run.counts[result], 0);
    if (received > 0) {
      assert.deepEqual(total?.counts, run.counts);
      assert.deepEqual([total?.received, total?.inFlight], [received, 0]);
      const [row] = bed.proxy.report().sessions;
      assert.deepEqual([row?.received, row?.inFlight, row?.counts], [received, 0, run.counts]);
      assert.equal(row?.worker, 'rig');
      assert.ok(Math.abs((row?.difficultyAccepted ?? 0) - run.difficultyAccepted) < 1e-9);
    }
    return run;
  } finally {
    miner.end();
  }
}

/** What must have happened in each dialogue, counted by hand in the recordings. */
const EXPECTED: Readonly<
  Record<string, { jobs: number; forwarded: number; accepted: number; suggestions?: readonly number[] }>
> = {
  'ckproxy-to-ckpool.txt #1': { jobs: 32, forwarded: 1, accepted: 1 },
  'ckproxy-to-ckpool.txt #2': { jobs: 0, forwarded: 0, accepted: 0 },
  'ckproxy-to-ckpool.txt #3': { jobs: 0, forwarded: 0, accepted: 0 },
  'cpuminer-opt-sha256d-to-nomp-vardiff.txt #1': { jobs: 2, forwarded: 102, accepted: 102 },
  'cpuminer-opt-to-ckpool-lhr.txt #1': { jobs: 3, forwarded: 146, accepted: 146 },
  'minerd-scrypt-to-nomp.txt #1': { jobs: 5, forwarded: 32, accepted: 32 },
  'minerd-to-ckpool-lhr.txt #1': { jobs: 2, forwarded: 1, accepted: 1 },
  'raw-ckpool-0.9.9.txt: :3943 ckpool 0.9.9 as pool': {
    jobs: 1,
    forwarded: 0,
    accepted: 0,
    suggestions: [0.5, 4096],
  },
  'raw-ckpool-0.9.9.txt: :3943 resubscribe with the previous session id 6b029478 (previous connection closed)':
    {
      jobs: 1,
      forwarded: 0,
      accepted: 0,
      suggestions: [1],
    },
  'raw-ckpool-0.9.9.txt: :3943 authorize before subscribe; string id; then no-params subscribe': {
    jobs: 1,
    forwarded: 0,
    accepted: 0,
  },
  'raw-ckpool-0.9.9.txt: :3943 split line + two messages in one segment': {
    jobs: 1,
    forwarded: 0,
    accepted: 0,
  },
  'raw-ckpool-lhr.txt: :3933 ckpool-lhr 1.0.0 as pool': {
    jobs: 1,
    forwarded: 0,
    accepted: 0,
    suggestions: [0.5, 4096],
  },
  'raw-ckpool-lhr.txt: :3933 resubscribe with the previous session id 6b028dfc (previous connection closed)':
    {
      jobs: 1,
      forwarded: 0,
      accepted: 0,
      suggestions: [1],
    },
  'raw-ckpool-lhr.txt: :3933 authorize before subscribe; string id; then no-params subscribe': {
    jobs: 1,
    forwarded: 0,
    accepted: 0,
  },
  'raw-ckpool-lhr.txt: :3933 split line + two messages in one segment': {
    jobs: 1,
    forwarded: 0,
    accepted: 0,
  },
  'raw-errors.txt: :3933: bad submits on a live job': { jobs: 2, forwarded: 7, accepted: 0 },
  'raw-errors.txt: :3943: bad submits on a live job': { jobs: 1, forwarded: 7, accepted: 0 },
  'raw-errors.txt: :3956: bad submits on a live job': { jobs: 1, forwarded: 6, accepted: 0 },
  'raw-nomp.txt: :3956 raw -> NOMP sha256 pool (version_mask set)': {
    jobs: 2,
    forwarded: 0,
    accepted: 0,
    suggestions: [7],
  },
  'seed-to-ckpool-lhr.txt #1': { jobs: 3, forwarded: 18, accepted: 18 },
};

describe('a recorded dialogue passes through the proxy', () => {
  // Those of cryptonote: replay-cryptonote.test.ts.
  for (const dialogue of readCaptures().filter(({ file }) => !file.includes('xmrig'))) {
    test(dialogue.name, async () => {
      const run = await replay(dialogue);
      const { suggestions = [], ...expected } = EXPECTED[dialogue.name] ?? {};
      const { jobsSent: jobs, forwarded, counts } = run;
      assert.deepEqual({ jobs, forwarded, accepted: counts.accepted }, expected);
      assert.deepEqual(run.suggestions, suggestions);
    });
  }
});

const named = (name: string): Entry[] => {
  const dialogue = readCaptures().find((candidate) => candidate.name.startsWith(name));
  assert.ok(dialogue !== undefined, name);
  return readEntries(dialogue);
};
const CKPOOL = 'raw-ckpool-0.9.9.txt: :3943';

/** The recorded answer to the miner's request of this method. */
function recorded(entries: readonly Entry[], method: string): Entry {
  const found = Array.from(matchAnswers(entries)).find(
    ([, request]) => request.message?.['method'] === method,
  );
  assert.ok(found !== undefined, method);
  return found[0];
}

/** The recorded pool's lines of this method. */
const texts = (entries: readonly Entry[], method: string): string[] =>
  entries.filter((e) => e.event.from === 'pool' && e.message?.['method'] === method).map((e) => e.text);

describe('what a recorded pool says to our upstream', () => {
  const settings = testSettings({ upstream: { retryMinMs: 10, retryMaxMs: 20 } });

  test('a refused authorize reaches the miner in the words of the pool', async () => {
    const refusal = recorded(named(`${CKPOOL} authorize before subscribe`), 'mining.authorize').text;
    await using pool = await new ScriptedPool().start();
    const account = testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }, { algorithm: 'scrypt' });
    await using bed = await startProxyBed([account], settings);
    const miner = await connectLines(bed.port);
    miner.send({ id: 1, method: 'mining.authorize', params: [ACCOUNT, 'x'] });
    const upstream = await pool.connection();
    const subscribe = await upstream.next();
    upstream.send({ id: subscribe['id'], result: [[], '08000002', 4], error: null });
    const authorize = await upstream.nextMethod('mining.authorize');
    upstream.send(withId(refusal, authorize['id']));
    const reply = await miner.next();
    assert.deepEqual([reply['id'], reply['result']], [1, null]);
    assert.deepEqual(reply['error'], [24, "The pool refused the account's login: Failed subscription", null]);
    miner.end();
  });

  test('a refused subscribe is tried once more without parameters', async () => {
    const refusal = recorded(named(`${CKPOOL} authorize before subscribe`), 'mining.subscribe').text;
    await using pool = await new ScriptedPool().start();
    const account = testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }, { algorithm: 'scrypt' });
    await using bed = await startProxyBed([account], settings);
    const miner = await connectLines(bed.port);
    miner.send({ id: 1, method: 'mining.subscribe', params: ['x/1'] });
    miner.send({ id: 2, method: 'mining.authorize', params: [ACCOUNT, 'x'] });
    const first = await pool.connection();
    const subscribe = await first.next();
    assert.deepEqual(subscribe['params'], ['stratum-proxy/test']);
    first.send(withId(refusal, subscribe['id']));
    const second = await pool.connection();
    const again = await second.next();
    assert.deepEqual([again['method'], again['params']], ['mining.subscribe', []]);
    second.send({ id: again['id'], result: [[], '08000002', 4], error: null });
    const authorize = await second.next();
    second.send({ id: authorize['id'], result: true, error: null }, setDifficulty(1), notify());
    assert.equal((await miner.nextMethod('mining.notify'))['id'], null);
    miner.end();
  });

  test('a session that it resumes goes on: the miner gets the next job, its share in flight its verdict', async () => {
    const before = named(`${CKPOOL} ckpool 0.9.9 as pool`);
    const after = named(`${CKPOOL} resubscribe`);
    await using pool = await new ScriptedPool().start();
    const account = testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }, { user: 'wallet.rig' });
    await using bed = await startProxyBed([account], settings);
    const miner = await connectLines(bed.port);

    /** Plays a login of our upstream with the lines of one recording. */
    async function login(entries: readonly Entry[]): Promise<{ upstream: LinePeer; subscribe: Message }> {
      const upstream = await pool.connection();
      const configure = await upstream.next();
      upstream.send(withId(recorded(entries, 'mining.configure').text, configure['id']));
      const subscribe = await upstream.next();
      const [difficulty = ''] = texts(entries, 'mining.set_difficulty');
      const [job = ''] = texts(entries, 'mining.notify');
      upstream.send(withId(recorded(entries, 'mining.subscribe').text, subscribe['id']), difficulty, job);
      const authorize = await upstream.next();
      upstream.send(withId(recorded(entries, 'mining.authorize').text, authorize['id']));
      return { upstream, subscribe };
    }

    miner.send({ id: 1, method: 'mining.subscribe', params: ['x/1'] });
    miner.send({ id: 2, method: 'mining.authorize', params: [ACCOUNT, 'x'] });
    const first = await login(before);
    assert.deepEqual(first.subscribe['params'], ['stratum-proxy/test']);
    const [firstJob] = paramsOf(await miner.nextMethod('mining.notify'));
    miner.send({ id: 4, method: 'mining.submit', params: ['x', firstJob, '000001', '6b029477', '12345678'] });
    const sent = await first.upstream.nextMethod('mining.submit');
    first.upstream.end();

    const second = await login(after);
    assert.deepEqual(second.subscribe['params'], ['stratum-proxy/test', '6b029478']);
    const sentAgain = await second.upstream.nextMethod('mining.submit');
    assert.deepEqual(sentAgain['params'], sent['params']);
    second.upstream.send({ id: sentAgain['id'], result: true, error: null });
    const seen = [await miner.next(), await miner.next()];
    const job = seen.find((message) => message['method'] === 'mining.notify');
    const [id, , coinb1, , , , , , clean] = paramsOf(job ?? {});
    assert.notEqual(id, firstJob);
    assert.match(String(coinb1), /7894026b00000000$/);
    assert.equal(clean, true);
    assert.deepEqual(
      seen.find((message) => message['method'] === undefined),
      { id: 4, result: true, error: null },
    );
    assert.equal(miner.isClosed, false);
    miner.end();
  });
});
