import type { CloseReason } from '../../src/net/connection.ts';
import { Dialogue, type Speaker } from '../../src/proxy/dialogue.ts';
import { RefusedLogins } from '../../src/proxy/refused-logins.ts';
import type { ProxySettings } from '../../src/proxy/settings.ts';
import type { Dialect } from '../../src/wire/dialect.ts';
import { bitcoinV1 } from '../../src/wire/dialects/bitcoin-v1/index.ts';
import type { MinerRequest } from '../../src/wire/messages.ts';
import { HandClock } from './hand-clock.ts';
import { testSettings } from './proxy-bed.ts';

/** A miner that one can talk to without a socket, and what it was told. */
export class SpokenMiner implements Speaker {
  readonly clock = new HandClock();
  readonly dialect: Dialect;
  readonly context: Speaker['context'] & {
    readonly clock: HandClock;
    readonly refusedLogins: RefusedLogins;
    onTurnedAway(account: string): void;
  };
  /** Accounts whose miner gets no work. */
  readonly turnedAway: string[] = [];
  readonly ip = '192.0.2.7';
  readonly agent = 'cgminer/4.12';
  readonly requests: MinerRequest[] = [];
  readonly told: string[] = [];
  isAdmitted = true;
  poolPassword = '';
  closed: CloseReason | null = null;
  isRead = true;
  readonly connection: Speaker['connection'];
  readonly dialogue: Dialogue;

  constructor(settings: ProxySettings = testSettings(), dialect: Dialect = bitcoinV1) {
    this.dialect = dialect;
    this.context = {
      settings,
      clock: this.clock,
      refusedLogins: new RefusedLogins(this.clock),
      isDraining: () => false,
      onTurnedAway: (account) => this.turnedAway.push(account),
    };
    const isOpen = (): boolean => this.closed === null;
    this.connection = {
      get isOpen() {
        return isOpen();
      },
      send: (text) => this.told.push(text),
      close: (reason) => {
        this.closed ??= reason;
      },
      stopReading: () => {
        this.isRead = false;
      },
      startReading: () => {
        this.isRead = true;
      },
    };
    this.dialogue = new Dialogue(this);
  }

  onRequest(request: MinerRequest): void {
    this.requests.push(request);
  }

  /** What it was told since this was asked last. */
  takeTold(): string {
    return this.told.splice(0).join('');
  }
}
