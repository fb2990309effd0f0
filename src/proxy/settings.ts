/** What the proxy room takes from the configuration; names and units are those of the configuration's sections. */
export interface ProxySettings {
  readonly limits: {
    readonly handshakeMs: number;
    readonly idleMs: number;
    readonly lineBytes: number;
    readonly poolLineBytes: number;
    readonly sendBufferBytes: number;
    /** 0: as many as {@link openFiles} allows. */
    readonly connections: number;
    /** Files that miners and pools may take together; 0: not known. */
    readonly openFiles: number;
    readonly connectionsPerAddress: number;
    readonly pendingSubmits: number;
    readonly refusalDelayMs: number;
    readonly jobsKept: number;
  };
  readonly bans: {
    readonly threshold: number;
    readonly windowSeconds: number;
    readonly durationSeconds: number;
  };
  readonly upstream: {
    readonly dialTimeoutMs: number;
    readonly callTimeoutMs: number;
    readonly configureTimeoutMs: number;
    readonly submitTimeoutMs: number;
    readonly silenceMs: number;
    readonly retryMinMs: number;
    readonly retryMaxMs: number;
    readonly authorizeWaitMs: number;
    readonly holdSeconds: number;
    readonly lingerMs: number;
    readonly refreshMs: number;
    /** What we call ourselves at pools. */
    readonly agent: string;
    /** 8 hex digits: the rolling mask asked of pools and offered to miners. */
    readonly versionMask: string;
    readonly suggestDifficulty: 'relay' | 'never';
    readonly maxSessions: number;
  };
  readonly vardiff: { readonly sharesPerMinute: number };
  readonly rental: {
    /** Whether a market for hashrate has upstreams of its own, or mines as its account does. */
    readonly mode: 'dedicated' | 'account';
    /** 0: none. */
    readonly minDifficulty: number;
  };
  readonly failover: {
    readonly standby: 'cold' | 'warm';
    readonly returnAfterSeconds: number;
    readonly refuseAfterSeconds: number;
  };
  /** When shares are hashed here: `auto` in shared groups only. */
  readonly verify: 'never' | 'auto' | 'always';
  readonly extranonce: { readonly prefixBytes: number; readonly sizeBytes: number };
  readonly session: { readonly resumeSeconds: number; readonly hintSeconds: number };
}

/** The settings that are in force. Whoever holds this sees at once what was put in their place, so nothing of it is kept for later. */
export class LiveSettings implements ProxySettings {
  #current: ProxySettings;

  constructor(settings: ProxySettings) {
    this.#current = settings;
  }

  replace(settings: ProxySettings): void {
    this.#current = settings;
  }

  get limits(): ProxySettings['limits'] {
    return this.#current.limits;
  }

  get bans(): ProxySettings['bans'] {
    return this.#current.bans;
  }

  get upstream(): ProxySettings['upstream'] {
    return this.#current.upstream;
  }

  get vardiff(): ProxySettings['vardiff'] {
    return this.#current.vardiff;
  }

  get rental(): ProxySettings['rental'] {
    return this.#current.rental;
  }

  get failover(): ProxySettings['failover'] {
    return this.#current.failover;
  }

  get verify(): ProxySettings['verify'] {
    return this.#current.verify;
  }

  get extranonce(): ProxySettings['extranonce'] {
    return this.#current.extranonce;
  }

  get session(): ProxySettings['session'] {
    return this.#current.session;
  }
}
