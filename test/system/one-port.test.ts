import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { makeSelfSigned } from '../../src/net/self-signed.ts';
import { CryptonoteMiner } from '../../src/practice/cryptonote/miner.ts';
import { CryptonotePool } from '../../src/practice/cryptonote/pool.ts';
import { EthashMiner } from '../../src/practice/ethash-miner.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import { PrefixMiner } from '../../src/practice/prefix/miner.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { eventually } from '../support/eventually.ts';
import { Farm } from '../support/farm.ts';
import { LinePeer } from '../support/line-peer.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { Tunnel } from '../support/tunnel.ts';

const parts = { log: silentLog, clock: systemClock };
const SHA256D = 1000 / 2 ** 32;
const SCRYPT = (10 * 65_536) / 2 ** 32;
const HEADER = 'PROXY TCP4 192.0.2.55 198.51.100.1 40001 9332\r\n';

/** Puts a pool into the program's list and gives an account on it. */
async function accountOn(
  farm: Farm,
  pool: { readonly endpoint: { readonly host: string; readonly port: number } },
  given: { readonly algorithm: string; readonly dialect?: string },
): Promise<string> {
  const address = formatEndpoint(pool.endpoint);
  const added = await farm.program.post('/api/v1/pools', { pool: address, ...given });
  assert.equal(added.status, 201, added.text);
  const { status, json, text } = await farm.program.post('/api/v1/users', { pool: address, user: 'wallet' });
  assert.equal(status, 201, text);
  return (json as { name: string }).name;
}

interface Hashing {
  start(): void;
  stop(): Promise<void>;
  readonly stats: { readonly accepted: number; readonly violations: readonly string[]; summary(): string };
}

const isFurther = ({ msg }: { readonly msg: string }): boolean => msg === 'further stratum port';

/** The first line that comes over TLS for a subscribe, or what went wrong. */
async function subscribeByTls(port: number, options: { readonly ca?: string } = {}): Promise<string> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ...(options.ca === undefined ? { rejectUnauthorized: false } : { ca: options.ca }),
  });
  try {
    return await new Promise((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once('close', () => resolve('closed'));
      socket.once('secureConnect', () => {
        const peer = new LinePeer(socket);
        peer.call({ id: 1, method: 'mining.subscribe', params: ['cgminer/4.12.1'] }).then(
          () => resolve('subscribed'),
          (error: unknown) => resolve(String(error)),
        );
      });
    });
  } finally {
    socket.destroy();
  }
}

describe('one port', () => {
  test('serves every dialect at the same time, plain, by TLS and behind a balancer, each counted on its own labels', async (t) => {
    await using farm = await Farm.open({ flags: ['--stratum.trustedProxies', '127.0.0.0/8'] });
    const { port } = farm.program.stratum;
    await using tls = await Tunnel.open(port, { isTls: true });
    await using balancer = await Tunnel.open(port, { header: HEADER });
    await using both = await Tunnel.open(port, { header: HEADER, isTls: true });
    const host = '127.0.0.1';
    const bitcoin = await farm.pool({ difficulty: SHA256D });
    const litecoin = await farm.pool({ algorithm: 'scrypt', difficulty: SCRYPT });
    const quiet = { jobIntervalMs: 0, blockIntervalMs: 0 };
    const monero = await startedPool(t, new CryptonotePool(parts, { difficulty: 1000, ...quiet }));
    const etc = await startedPool(t, new EthashPool(parts, { flavour: 'ethproxy', ...quiet }));
    const nicehash = await startedPool(t, new EthashPool(parts, { flavour: 'ethereum-stratum', ...quiet }));
    const prefixed = { hashesPerShare: 400, ...quiet };
    const zcash = await startedPool(t, new PrefixPool(parts, { dialect: 'equihash', ...prefixed }));
    const raven = await startedPool(t, new PrefixPool(parts, { dialect: 'kawpow', ...prefixed }));

    const names = {
      sha256d: await farm.account(bitcoin, 'wallet'),
      scrypt: await farm.account(litecoin, 'wallet'),
      randomx: await accountOn(farm, monero, { algorithm: 'randomx' }),
      etchash: await accountOn(farm, etc, { algorithm: 'etchash', dialect: 'ethproxy' }),
      ethash: await accountOn(farm, nicehash, { algorithm: 'ethash', dialect: 'ethereum-stratum' }),
      equihash: await accountOn(farm, zcash, { algorithm: 'equihash' }),
      kawpow: await accountOn(farm, raven, { algorithm: 'kawpow' }),
    };
    const miners: Readonly<Record<keyof typeof names, Hashing>> = {
      sha256d: farm.miner(`${names.sha256d}.rig`),
      scrypt: farm.miner(`${names.scrypt}.rig`, { algorithm: 'scrypt', port: tls.port }),
      randomx: startedMiner(
        t,
        new CryptonoteMiner(parts, {
          host,
          port: tls.port,
          user: `${names.randomx}.rig`,
          hashesPerSecond: 3000,
        }),
      ),
      etchash: startedMiner(
        t,
        new EthashMiner(parts, {
          flavour: 'ethproxy',
          host,
          port: balancer.port,
          user: `${names.etchash}.rig`,
        }),
      ),
      ethash: startedMiner(
        t,
        new EthashMiner(parts, {
          flavour: 'ethereum-stratum',
          host,
          port: both.port,
          user: `${names.ethash}.rig`,
        }),
      ),
      equihash: startedMiner(
        t,
        new PrefixMiner(parts, {
          dialect: 'equihash',
          host,
          port: balancer.port,
          user: `${names.equihash}.rig`,
          agent: 'nheqminer/0.5c',
          extranonceSubscribe: true,
        }),
      ),
      kawpow: startedMiner(
        t,
        new PrefixMiner(parts, {
          dialect: 'kawpow',
          host,
          port: tls.port,
          user: `${names.kawpow}.rig`,
          agent: 'kawpowminer/1.2.4',
          extranonceSubscribe: true,
        }),
      ),
    };
    for (const [algorithm, miner] of Object.entries(miners)) {
      await eventually(
        () => miner.stats.accepted >= 3,
        () => `${algorithm}: ${miner.stats.summary()}`,
        40_000,
      );
    }
    const figures = await farm.program.metrics();
    for (const [algorithm, name] of Object.entries(names)) {
      assert.deepEqual(miners[algorithm as keyof typeof names].stats.violations, [], algorithm);
      const counted = figures.series('proxy_worker_accepted', { user: name });
      assert.deepEqual([...new Set(counted.map(({ labels }) => labels['hash']))], [algorithm]);
      assert.ok(counted.reduce((sum, { value }) => sum + value, 0) >= 3, algorithm);
      const isBehind = algorithm === 'etchash' || algorithm === 'ethash' || algorithm === 'equihash';
      for (const { labels } of counted)
        assert.equal(/^192\.0\.2\.55:40001$/.test(labels['worker'] ?? ''), isBehind, `${labels['worker']}`);
    }
  });

  test('stratum.trustedProxies: a PROXY header of anybody else is refused', async () => {
    await using farm = await Farm.open();
    await using tunnel = await Tunnel.open(farm.program.stratum.port, { header: HEADER });
    const pool = await farm.pool({ difficulty: SHA256D });
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(account, { port: tunnel.port, reconnect: false });
    await eventually(
      () => miner.stats.lastError !== '',
      () => 'the end of the connection',
    );
    assert.equal(miner.stats.authorizes, 0);
  });

  test('stratum.listeners: a further port with its own dialect, account and TLS', async () => {
    await using farm = await Farm.open();
    const pool = await farm.pool({ difficulty: SHA256D });
    const account = await farm.account(pool, 'wallet');
    const { dataFile } = farm.program;
    // Ended with its data kept: two proxies do not run on one data file.
    await farm.program.stop();
    await using other = await Farm.open({
      dataFile,
      flags: [
        '--stratum.listeners',
        `127.0.0.1:0?dialect=bitcoin-v1&tls=off&account=${account},127.0.0.1:0?tls=only`,
      ],
    });
    await other.program.waitForLine(isFurther);
    const [fixed, secure] = other.program
      .lines()
      .filter(isFurther)
      .map((line) => Number(line['port']));
    assert.ok(fixed !== undefined && secure !== undefined);
    // A user name that is no account is the worker's, on the port that has an account.
    const miner = other.miner('anybody', { port: fixed });
    await miner.waitFor(({ accepted }) => accepted >= 2, 20_000);
    assert.ok((await other.program.metrics()).series('proxy_worker_accepted', { user: account }).length > 0);
    assert.notEqual(await subscribeByTls(fixed), 'subscribed');
    assert.equal(await subscribeByTls(secure), 'subscribed');
    const plain = other.miner(account, { port: secure, reconnect: false });
    await eventually(
      () => plain.stats.lastError !== '',
      () => 'a plain connection is refused where TLS is all there is',
    );
  });

  test('tls.mode, tls.cert, tls.key: miners are answered by the operator’s certificate, or not by TLS at all', async (t) => {
    await using plain = await Farm.open({ flags: ['--tls.mode', 'off'] });
    assert.notEqual(await subscribeByTls(plain.program.stratum.port), 'subscribed');
    const { key, certificate } = makeSelfSigned({
      names: ['localhost'],
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 86_400_000),
    });
    const [keyFile, certificateFile] = [`${plain.program.dataFile}.key`, `${plain.program.dataFile}.crt`];
    await writeFile(keyFile, key);
    await writeFile(certificateFile, certificate);
    await using own = await Farm.open({ flags: ['--tls.cert', certificateFile, '--tls.key', keyFile] });
    assert.equal(await subscribeByTls(own.program.stratum.port, { ca: certificate }), 'subscribed');
    t.diagnostic('the certificate is the one of the file: a client that trusts no other took it');
  });
});
