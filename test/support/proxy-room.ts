import type { Account } from '../../src/domain/account.ts';
import type { Log, LogFields } from '../../src/kit/log.ts';
import type { ProxyParts } from '../../src/proxy/proxy.ts';
import type { ProxySettings } from '../../src/proxy/settings.ts';
import type { LinePeer, Message } from './line-peer.ts';
import { type ProxyBed, startProxyBed, testAccount, testSettings } from './proxy-bed.ts';
import { connectMiner, type MinerOptions, type ScriptedMiner } from './scripted-miner.ts';
import { notify, ScriptedPool, setDifficulty } from './scripted-pool.ts';

export const ACCOUNT = '00112233445566aa';

/** A log whose events a test can look at. */
export interface LogBook extends Log {
  readonly events: { readonly level: string; readonly event: string; readonly fields: LogFields }[];
}

export function logBook(): LogBook {
  const events: LogBook['events'] = [];
  const write =
    (level: string) =>
    (event: string, fields: LogFields = {}): void => {
      events.push({ level, event, fields });
    };
  return { events, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** One scripted pool, the proxy room on a real port, and one account on that pool. Ends its miners too. */
export class ProxyRoom implements AsyncDisposable {
  readonly pool: ScriptedPool;
  readonly bed: ProxyBed;
  readonly account: Account;
  readonly log: LogBook;
  readonly #miners: ScriptedMiner[] = [];

  constructor(parts: { pool: ScriptedPool; bed: ProxyBed; account: Account; log: LogBook }) {
    this.pool = parts.pool;
    this.bed = parts.bed;
    this.account = parts.account;
    this.log = parts.log;
  }

  /** A connection to the Stratum port; ended with the room. */
  async miner(options: MinerOptions = {}): Promise<ScriptedMiner> {
    const miner = await connectMiner(this.bed.port, { user: `${ACCOUNT}.rig1`, ...options });
    this.#miners.push(miner);
    return miner;
  }

  /** A miner that mines: logged in at both ends, with its first job taken. */
  async mining(
    options: MinerOptions &
      Parameters<ScriptedPool['login']>[0] & { difficulty?: number; job?: Parameters<typeof notify>[0] } = {},
  ): Promise<{ miner: ScriptedMiner; peer: LinePeer; job: Message }> {
    const miner = await this.miner(options);
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await this.pool.login(options);
    peer.send(setDifficulty(options.difficulty ?? 8), notify(options.job));
    const job = await miner.nextMethod('mining.notify');
    return { miner, peer, job };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const miner of this.#miners) miner.end();
    await this.bed[Symbol.asyncDispose]();
    await this.pool[Symbol.asyncDispose]();
  }
}

/** Pool, proxy and account, ready for miners. `poolPort`: the account's pool where nothing listens yet. */
export async function openRoom(
  settings: Parameters<typeof testSettings>[0] = {},
  options: {
    readonly pool?: ScriptedPool;
    readonly algorithm?: string;
    readonly divider?: number;
    readonly accounts?: (port: number) => readonly Account[];
    readonly parts?: Partial<ProxyParts>;
    readonly host?: string;
  } = {},
): Promise<ProxyRoom> {
  const pool = options.pool ?? (await new ScriptedPool().start());
  const account = testAccount(
    ACCOUNT,
    { host: options.host ?? '127.0.0.1', port: pool.port },
    {
      ...(options.algorithm === undefined ? {} : { algorithm: options.algorithm }),
      ...(options.divider === undefined ? {} : { divider: options.divider }),
    },
  );
  const log = logBook();
  const whole: ProxySettings = testSettings(settings);
  const bed = await startProxyBed([account, ...(options.accounts?.(pool.port) ?? [])], whole, {
    log,
    ...options.parts,
  });
  return new ProxyRoom({ pool, bed, account, log });
}
