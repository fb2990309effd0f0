import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Work } from '../src/domain/job.ts';
import { loadCatalogue } from '../src/store/catalogue.ts';
import { autolykos } from '../src/wire/dialects/autolykos/index.ts';
import { bitcoinV1 } from '../src/wire/dialects/bitcoin-v1/index.ts';
import { catalogueNameOf } from '../src/wire/dialects/cryptonote/algorithms.ts';
import { cryptonote } from '../src/wire/dialects/cryptonote/index.ts';
import { eip1571 } from '../src/wire/dialects/eip1571/index.ts';
import { equihash } from '../src/wire/dialects/equihash/index.ts';
import { ethashPlain } from '../src/wire/dialects/ethash-plain/index.ts';
import { ethereumStratum } from '../src/wire/dialects/ethereum-stratum/index.ts';
import { DIALECTS } from '../src/wire/dialects/index.ts';
import { kaspa } from '../src/wire/dialects/kaspa/index.ts';
import { kawpow } from '../src/wire/dialects/kawpow/index.ts';

/** The name or alias that the catalogue has for this, or undefined. */
function inCatalogue(named: string): string | undefined {
  return loadCatalogue().algorithms.find(({ name, aliases }) => name === named || aliases.includes(named))
    ?.name;
}

function jobOf(dialect: { readonly pool: (typeof bitcoinV1)['pool'] }, message: object): Work | null {
  const event = dialect.pool.decode(JSON.stringify(message));
  return event.kind === 'job' ? event.work : null;
}

const hash = (digits: string): string => digits.repeat(32);

/** A job of each dialect that speaks by `mining.notify`, as its pools write it. */
const NOTIFIED: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  [bitcoinV1.name, ['1', hash('11'), '01000000aabb', 'ccdd', [], '20000000', '1d00ffff', '64b3f3ec', true]],
  [ethashPlain.name, ['1', `0x${hash('aa')}`, `0x${hash('bb')}`, `0x${hash('01')}`, true]],
  [ethereumStratum.name, ['1', hash('bb'), hash('aa'), true]],
  [
    eip1571.name,
    ['bf0488aa', '6526d5', '645cf20198c2f3861e947d4f67e3ab63b7b2e24dcc9095bd9123e7b33371f6cc', '0'],
  ],
  [equihash.name, ['1', '04000000', hash('11'), hash('22'), hash('00'), '64b3f3ec', '1d00ffff', true]],
  [kawpow.name, ['1', hash('aa'), hash('bb'), hash('01'), true, 3_500_000, '1b00ffff']],
  [kaspa.name, ['1', [1, 2, 3, 4], 1_690_000_000_000]],
  [autolykos.name, ['1', 800_000, hash('aa'), '', '', '00000003', '123456789', '', true]],
]);

describe('whose job a line is', () => {
  for (const [owner, params] of NOTIFIED) {
    test(`a job of ${owner} is taken for its own by ${owner} alone`, () => {
      const line = JSON.stringify({ id: null, method: 'mining.notify', params });
      const owners = DIALECTS.filter(({ pool }) => {
        const event = pool.decode(line);
        return event.kind === 'job' && pool.isOwnJob?.(event.work) !== false;
      });
      assert.deepEqual(
        owners.map(({ name }) => name),
        [owner],
      );
    });
  }
});

describe('what a cryptonote job names', () => {
  const spellings = {
    'rx/0': 'randomx',
    'RX/0': 'randomx',
    'randomx/0': 'randomx',
    'randomx/wow': 'randomx-wow',
    'rx/xla': 'panthera',
    panthera: 'panthera',
    'cn/r': 'cryptonight-r',
    'cryptonight/r': 'cryptonight-r',
    'cryptonight-heavy/xhv': 'cryptonight-haven',
    'cn-heavy': 'cryptonight-heavy',
    'cn-pico/trtl': 'cryptonight-pico',
    'argon2/chukwav2': 'chukwav2',
    chukwa: 'chukwa',
    ghostrider: 'ghostrider',
    gr: 'ghostrider',
    'cn/half': undefined,
  };
  for (const [spelling, name] of Object.entries(spellings)) {
    test(`${spelling} is ${name ?? 'nothing in the catalogue'}`, () => {
      assert.equal(inCatalogue(catalogueNameOf(spelling)), name);
    });
  }

  test('and nothing where it names nothing', () => {
    const job = { job_id: '1', blob: `${'07'.repeat(39)}00000000${'07'.repeat(33)}`, target: 'b88d0600' };
    for (const [algo, named] of [
      ['rx/wow', 'randomx-wow'],
      [undefined, null],
    ] as const) {
      const work = jobOf(cryptonote, { jsonrpc: '2.0', method: 'job', params: { ...job, algo } });
      assert.ok(work !== null);
      assert.equal(cryptonote.pool.namedAlgorithm?.(work), named);
    }
  });
});

test('an equihash job may name its parameters', () => {
  const params = NOTIFIED.get(equihash.name) ?? [];
  const named = (more: readonly unknown[]): string | null | undefined => {
    const work = jobOf(equihash, { id: null, method: 'mining.notify', params: [...params, ...more] });
    return work === null ? undefined : equihash.pool.namedAlgorithm?.(work);
  };
  assert.equal(inCatalogue(named(['144_5', 'BgoldPoW']) ?? ''), 'equihash-144-5');
  assert.equal(inCatalogue(named(['200_9']) ?? ''), 'equihash');
  assert.equal(named([]), null);
});

test('an EthereumStratum/2.0.0 pool names it apart from its jobs', () => {
  const work = jobOf(eip1571, { method: 'mining.notify', params: NOTIFIED.get(eip1571.name) });
  assert.ok(work !== null && work.family !== 'bitcoin');
  assert.equal(eip1571.pool.namedAlgorithm?.(work), null);
  assert.equal(eip1571.pool.namedAlgorithm?.({ ...work, algorithm: 'ETCHASH' }), 'etchash');
});

function implied(nbits: string): string | null | undefined {
  const params = (NOTIFIED.get(bitcoinV1.name) ?? []).with(6, nbits);
  const work = jobOf(bitcoinV1, { id: null, method: 'mining.notify', params });
  return work === null ? undefined : bitcoinV1.pool.impliedAlgorithm?.(work);
}

describe('what the difficulty of a bitcoin-v1 block proves', () => {
  test('sha256d, where no other network could find such blocks', () => {
    assert.equal(implied('17025105'), 'sha256d', 'Bitcoin, 2025: 1.2e14');
  });

  test('nothing below that', () => {
    for (const [nbits, what] of [
      ['1d00ffff', 'difficulty 1'],
      ['1927e1c3', 'Litecoin, 2025: 1e8'],
      ['207fffff', 'regtest'],
      ['00000000', 'a target of zero'],
      ['1d800001', 'a negative target'],
      ['ff00ffff', 'beyond 256 bits'],
    ] as const) {
      assert.equal(implied(nbits), null, what);
    }
  });
});
