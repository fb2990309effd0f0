import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SpokenMiner } from '../../test/support/spoken-miner.ts';
import type { RejectReason } from '../domain/result.ts';
import { silentLog } from '../kit/log.ts';
import type { Dialect, PoolShare } from '../wire/dialect.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import { FreshWork } from './fresh-work.ts';
import type { InFlightShare, PoolVerdict } from './in-flight-share.ts';
import type { IssuedJob } from './issued-job.ts';
import { MinerShares } from './miner-shares.ts';
import { SentJobs } from './sent-jobs.ts';
import { SessionBooks } from './session-books.ts';
import { SessionConduct } from './session-conduct.ts';
import { Tally } from './tally.ts';

const SUBJECT = {
  sessionId: 's',
  address: '192.0.2.7:1',
  account: '00112233445566aa',
  worker: 'rig',
  agent: '',
  dialect: 'bitcoin-v1',
  pool: 'pool.example:3333',
  algorithm: 'sha256d',
  divider: 1,
  connectedAtMs: 0,
};
const JOB = { id: '1', sequence: 1, poolJobId: 'a', block: 'b', ntime: 1, difficulty: 512 } as IssuedJob;

/** A miner that is bound, and one whose account is not known. */
function openShares(dialect: Dialect = bitcoinV1, isBound = true) {
  const spoken = new SpokenMiner(undefined, dialect);
  const total = new Tally();
  const unboundTally = new Tally();
  const quarantines: string[] = [];
  const books = new SessionBooks({ subject: SUBJECT, total, freshWork: new FreshWork() }, 0);
  const context = {
    ...spoken.context,
    log: silentLog,
    unboundTally,
    onQuarantined: () => quarantines.push(spoken.dialect.name),
    emit: () => {},
  };
  const watched = { context, address: SUBJECT.address, binding: isBound ? { books, worker: 'rig' } : null };
  const proven: InFlightShare[] = [];
  const sent = new SentJobs().onLane(1);
  const shares = new MinerShares({
    ...watched,
    dialect,
    dialogue: spoken.dialogue,
    conduct: new SessionConduct(watched),
    jobs: { sent, noteProven: (share) => proven.push(share) },
  });
  let lastId = 0;
  const enter = (): InFlightShare => {
    lastId += 1;
    const share: InFlightShare = {
      line: null,
      next: null,
      requestId: `${lastId}`,
      job: JOB,
      share: {} as PoolShare,
      sentAtMs: 0,
      books,
      difficulty: 16,
      owner: shares,
      isFound: false,
    };
    shares.enter(share);
    return share;
  };
  const told = () => spoken.takeTold().trim();
  return { shares, enter, told, total, unboundTally, books, proven, quarantines, sent };
}

const refused = (reason: RejectReason): PoolVerdict => ({
  kind: 'refused',
  reason,
  refusal: { code: 23, message: 'Low difficulty share' },
});

describe('a share that was entered', () => {
  test('ends in the bucket of its verdict, and its miner is told', () => {
    const { shares, enter, told, total } = openShares();
    shares.onVerdict(enter(), { kind: 'accepted' });
    assert.match(told(), /"id":1,"result":true/);
    shares.onVerdict(enter(), refused('low-difficulty'));
    assert.match(told(), /"id":2,.*Low difficulty share/);
    shares.onVerdict(enter(), { kind: 'unanswered' });
    assert.match(told(), /"id":3,.*Pool timeout/);
    shares.onVerdict(enter(), { kind: 'lost' });
    assert.match(told(), /"id":4,.*Pool connection lost/);
    shares.credit(enter());
    assert.match(told(), /"id":5,"result":true/);
    shares.refuseEntered(enter(), 'duplicate', 'Duplicate share');
    assert.match(told(), /"id":6,.*Duplicate share/);
    const ended = {
      accepted: 1,
      'low-difficulty': 1,
      unanswered: 1,
      lost: 1,
      'accepted-local': 1,
      duplicate: 1,
    };
    const counts = Object.fromEntries(Object.entries(total.counts).filter(([, count]) => count > 0));
    assert.deepEqual([counts, total.received, total.inFlight], [ended, 6, 0]);
  });

  test('is found once, whoever finds that out first, and paid at the pool’s difficulty', () => {
    const { shares, enter, total } = openShares();
    const share = enter();
    shares.noteFound(share);
    shares.onVerdict(share, { kind: 'accepted' });
    assert.equal(total.workFound, 16 * 2 ** 32);
    assert.deepEqual([total.sharesAtPool, total.workAtPool], [1, 512 * 2 ** 32]);
  });

  test('says how fast the miner is where it is credited here', () => {
    const { shares, enter, proven } = openShares();
    const share = enter();
    shares.credit(share);
    assert.deepEqual(proven, [share]);
  });
});

/** Whether a device with nothing but such shares is put in quarantine. */
function isBlamed(dialect: Dialect, reason: RejectReason, isRepeated = false): boolean {
  const { shares, enter, sent, quarantines } = openShares(dialect);
  if (isRepeated) sent.repeat(JOB, 2, 0, () => true);
  for (let i = 0; i < 40; i += 1) shares.onVerdict(enter(), refused(reason));
  return quarantines.length > 0;
}

describe('what is held against a device', () => {
  test('is what it has done itself, not what the network or the account has', () => {
    const reasons = [
      'low-difficulty',
      'duplicate',
      'malformed',
      'stale',
      'unknown-job',
      'unauthorized',
    ] as const;
    assert.deepEqual(
      reasons.filter((reason) => isBlamed(bitcoinV1, reason)),
      ['low-difficulty', 'duplicate', 'malformed'],
    );
  });

  test('is not that it finds the same again in a job that was sent again as it was', () => {
    const unrepeated: Dialect = { ...bitcoinV1, miner: { ...bitcoinV1.miner, repeatsJobs: false } };
    assert.equal(isBlamed(unrepeated, 'duplicate', true), false);
    assert.equal(isBlamed(unrepeated, 'duplicate'), true);
    assert.equal(isBlamed(bitcoinV1, 'duplicate', true), true, 'a later time makes another job of it');
  });
});

test('a share that is refused on sight is counted, where there is no account too', () => {
  const bound = openShares();
  bound.shares.refuse('7', 'malformed', 'Wrong size', 16);
  assert.match(bound.told(), /"id":7,.*Wrong size/);
  assert.deepEqual([bound.total.counts.malformed, bound.total.inFlight], [1, 0]);
  const unbound = openShares(bitcoinV1, false);
  unbound.shares.refuse('8', 'unauthorized', 'Unauthorized worker', 0);
  assert.equal(unbound.unboundTally.counts.unauthorized, 1);
  assert.equal(unbound.books.isUsed, false);
});
