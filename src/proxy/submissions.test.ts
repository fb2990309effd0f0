import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../kit/clock.ts';
import { Histogram } from '../kit/histogram.ts';
import type { BitcoinShare, PoolShare } from '../wire/dialect.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import type { InFlightShare } from './in-flight-share.ts';
import { InFlightShares } from './in-flight-shares.ts';
import { NamesAtPool } from './names-at-pool.ts';
import { PoolExtranonce } from './pool-extranonce.ts';
import { Submissions } from './submissions.ts';
import { VersionRolling } from './version-rolling.ts';

const EXTRANONCE1 = '08000002';
const SHARE: BitcoinShare = {
  family: 'bitcoin',
  user: 'wallet',
  poolJobId: '1',
  extranonce2: '00000000',
  ntime: '65000000',
  nonce: '01020304',
  versionBits: null,
};

function open({ mask = 0 }: { readonly mask?: number } = {}) {
  const sent: string[] = [];
  const verdicts: string[] = [];
  const inFlight = new InFlightShares();
  const extranonce = new PoolExtranonce();
  extranonce.subscribed({ sessionId: null, extranonce1: EXTRANONCE1, extranonce2Bytes: 4 });
  const rolling = new VersionRolling('1fffe000');
  rolling.grant(mask);
  rolling.putInForce();
  let id = 0;
  let namesTold = 0;
  const submissions = new Submissions(
    {
      clock: systemClock,
      dialect: bitcoinV1.pool,
      ids: {
        next: () => {
          id += 1;
          return id;
        },
      },
      link: { send: (line) => sent.push(line), call: (line) => sent.push(line) },
      inFlight,
      names: new NamesAtPool(),
      extranonce,
      rolling,
      news: {
        takesOneName: () => {
          namesTold += 1;
        },
      },
    },
    { login: 'wallet', password: 'x' },
  );
  const share = (change: Partial<BitcoinShare> = {}, extranonce1 = EXTRANONCE1): InFlightShare => {
    const asSent: PoolShare = { ...SHARE, ...change };
    const owner = { onVerdict: (_: InFlightShare, verdict: { kind: string }) => verdicts.push(verdict.kind) };
    return { job: { extranonce1 }, share: asSent, sentAtMs: 0, owner } as unknown as InFlightShare;
  };
  const roundTrip = new Histogram([1]);
  const reply = (call: number, result: unknown) => submissions.onReply(call, result, null, roundTrip);
  const params = () => sent.map((line) => (JSON.parse(line) as { params: string[] }).params);
  return { submissions, inFlight, share, reply, sent, params, verdicts, told: () => namesTold };
}

describe('what is handed in at a pool', () => {
  test('goes out as it was found, and ends with one verdict', () => {
    const { submissions, share, reply, params, verdicts, inFlight } = open();
    submissions.send(share());
    assert.deepEqual(params(), [['wallet', '1', '00000000', '65000000', '01020304']]);
    reply(1, true);
    reply(1, true);
    assert.deepEqual([verdicts, inFlight.size], [['accepted'], 0]);
  });

  test('waits unsent while the pool is away', () => {
    const { submissions, share, sent, inFlight } = open();
    submissions.hold(share());
    assert.deepEqual([sent.length, inFlight.size], [0, 1]);
  });

  test('is lost where its extranonce is gone', () => {
    const { submissions, share, verdicts, sent } = open();
    submissions.send(share({}, '08000003'));
    submissions.send(share({ extranonce2: '0000000000000000' }));
    assert.deepEqual([verdicts, sent.length], [['lost', 'lost'], 0]);
  });

  test('has version bits where the pool rolls now, and none where it does not', () => {
    const rolling = open({ mask: 0x1fffe000 });
    rolling.submissions.send(rolling.share());
    assert.equal(rolling.params()[0]?.[5], '00000000');
    const plain = open();
    plain.submissions.send(plain.share({ versionBits: '00000000' }));
    plain.submissions.send(plain.share({ versionBits: '00002000' }));
    assert.equal(plain.params()[0]?.length, 5);
    assert.deepEqual(plain.verdicts, ['lost'], 'rolled bits cannot be told');
  });

  test('goes under the login until the pool has taken the name', () => {
    const { submissions, share, params, reply } = open();
    submissions.send(share({ user: 'wallet.rig' }));
    assert.deepEqual(
      params().map(([user]) => user),
      ['wallet.rig', 'wallet'],
    );
    reply(2, true);
    submissions.send(share({ user: 'wallet.rig' }));
    assert.equal(params()[2]?.[0], 'wallet.rig');
  });

  test('goes under the login for good where the pool takes one name', () => {
    const { submissions, share, params, reply, told } = open();
    assert.equal(submissions.nameFor('wallet.rig'), 'wallet');
    reply(1, false);
    submissions.send(share({ user: 'wallet.other' }));
    assert.deepEqual([params().length, params()[1]?.[0], told()], [2, 'wallet', 1]);
  });

  test('is not answered by a job that is pushed under its id', () => {
    const { submissions, share, reply, verdicts } = open();
    submissions.send(share());
    reply(1, ['0x1', '0x2', '0x3']);
    assert.deepEqual(verdicts, []);
  });
});
