import { detectOpening } from './detect.ts';
import { type FrameFault, LineFramer } from './framing/line-framer.ts';
import {
  type ProxyHeader,
  type ProxyHeaderFault,
  type ProxySource,
  readProxyV1,
  readProxyV2,
} from './framing/proxy-protocol.ts';

/** What is accepted at this door. Behind TLS, the same machine runs again with `proxyHeader` and `tls` refused. */
export interface DoorwayOptions {
  /** Whether whoever connected may say for whom: only peers of trusted networks. */
  readonly proxyHeader: 'taken' | 'refused';
  readonly tls: 'taken' | 'refused';
  /** The longest first line, in bytes. */
  readonly lineBytes: number;
}

export type DoorFault =
  | FrameFault
  | ProxyHeaderFault
  /** A PROXY header from somebody who is not trusted with one. */
  | 'proxy-header-untrusted'
  | 'proxy-header-twice'
  /** TLS inside of TLS, or on a port without. */
  | 'tls-refused'
  /** Text that is neither JSON nor HTTP. */
  | 'text';

/**
 * What has come through the door. `bytes` is everything after a PROXY header, none of it consumed, and only valid until the next push.
 * Every step but `more` is the last.
 */
export type DoorStep =
  | { readonly kind: 'more' }
  /** A ClientHello, whole or in part: for the TLS engine. */
  | { readonly kind: 'tls'; readonly bytes: Buffer }
  | { readonly kind: 'http' }
  /** The first line of JSON is complete. `bytes` begins at or before it and may go on after it. */
  | { readonly kind: 'json'; readonly line: string; readonly bytes: Buffer }
  | { readonly kind: 'sv2'; readonly isEncrypted: boolean; readonly bytes: Buffer }
  | { readonly kind: 'fault'; readonly fault: DoorFault };

const MORE: DoorStep = { kind: 'more' };
const LEAST_BYTES = 256;
const NO_BYTES = Buffer.alloc(0);

const fault = (name: DoorFault): DoorStep => ({ kind: 'fault', fault: name });

type State =
  | { readonly at: 'opening' }
  | { readonly at: 'line'; readonly framer: LineFramer; read: number }
  | { readonly at: 'over' };

/**
 * Finds out what has connected, from its bytes as they come: an optional PROXY header, then TLS, HTTP, JSON up to its first whole line, or Stratum V2. Any
 * cut of the bytes leads to the same step. Keeps at most a PROXY header or a line, and decides nothing by time: who says too little is
 * the caller's to close.
 */
export class Doorway {
  readonly #options: DoorwayOptions;
  #state: State = { at: 'opening' };
  /** Bytes kept from earlier pushes, those of a PROXY header that has been read left out. */
  #kept = NO_BYTES;
  #keptBytes = 0;
  #source: ProxySource | null = null;
  #authority: string | null = null;
  #hasHeader = false;

  constructor(options: DoorwayOptions) {
    this.#options = options;
  }

  /** Who a trusted balancer says has connected to it; null before its header is whole, and where it names nobody. */
  get source(): ProxySource | null {
    return this.#source;
  }

  /** The server name that the client asked a trusted balancer for; null where there is none. */
  get authority(): string | null {
    return this.#authority;
  }

  /** A PROXY header has come, even one that names nobody. */
  get hasHeader(): boolean {
    return this.#hasHeader;
  }

  /** Takes what has arrived. Not to be called again after a step other than `more`. */
  push(chunk: Buffer): DoorStep {
    let bytes = this.#append(chunk);
    if (this.#state.at === 'opening') {
      const header = this.#readHeader(bytes);
      if (header.kind === 'more') return this.#keep(bytes);
      if (header.kind === 'fault') return this.#end(fault(header.fault));
      bytes = bytes.subarray(header.byteLength);
    }
    const step = this.#state.at === 'line' ? this.#readLine(this.#state, bytes) : this.#open(bytes);
    return step.kind === 'more' ? this.#keep(bytes) : this.#end(step);
  }

  /** A header of no bytes where none stands there. */
  #readHeader(bytes: Buffer): ProxyHeader | { readonly kind: 'fault'; readonly fault: DoorFault } {
    const opening = detectOpening(bytes);
    if (opening !== 'proxy-v1' && opening !== 'proxy-v2') {
      return { kind: 'header', source: null, authority: null, byteLength: 0 };
    }
    if (this.#hasHeader) return { kind: 'fault', fault: 'proxy-header-twice' };
    if (this.#options.proxyHeader === 'refused') return { kind: 'fault', fault: 'proxy-header-untrusted' };
    const header = opening === 'proxy-v1' ? readProxyV1(bytes) : readProxyV2(bytes);
    if (header.kind === 'header') {
      this.#hasHeader = true;
      this.#source = header.source;
      this.#authority = header.authority;
    }
    return header;
  }

  #open(bytes: Buffer): DoorStep {
    switch (detectOpening(bytes)) {
      case 'more':
        return MORE;
      case 'tls':
        return this.#options.tls === 'taken' ? { kind: 'tls', bytes } : fault('tls-refused');
      case 'http':
        return { kind: 'http' };
      case 'json': {
        const state = { at: 'line', framer: new LineFramer(), read: 0 } as const;
        this.#state = state;
        return this.#readLine(state, bytes);
      }
      case 'sv2':
        return { kind: 'sv2', isEncrypted: true, bytes };
      case 'sv2-plaintext':
        return { kind: 'sv2', isEncrypted: false, bytes };
      case 'text':
        return fault('text');
      case 'proxy-v1':
      case 'proxy-v2':
        return fault('proxy-header-twice');
    }
  }

  #readLine(state: State & { readonly at: 'line' }, bytes: Buffer): DoorStep {
    let first: string | null = null;
    const failed = state.framer.push(bytes.subarray(state.read), this.#options.lineBytes, {
      onLine: (line) => {
        first = line;
        return false;
      },
    });
    state.read = bytes.length;
    if (failed !== null) return fault(failed);
    return first === null ? MORE : { kind: 'json', line: first, bytes };
  }

  #end(step: DoorStep): DoorStep {
    this.#state = { at: 'over' };
    this.#kept = NO_BYTES;
    this.#keptBytes = 0;
    return step;
  }

  /** What is kept and `chunk`, in one piece; the chunk itself where nothing is kept. */
  #append(chunk: Buffer): Buffer {
    if (this.#keptBytes === 0) return chunk;
    const length = this.#keptBytes + chunk.length;
    if (length > this.#kept.length) this.#grow(length);
    chunk.copy(this.#kept, this.#keptBytes);
    return this.#kept.subarray(0, length);
  }

  #keep(bytes: Buffer): DoorStep {
    if (bytes.buffer !== this.#kept.buffer || bytes.byteOffset !== this.#kept.byteOffset) {
      const kept =
        this.#kept.length >= bytes.length ? this.#kept : Buffer.allocUnsafeSlow(sizeFor(bytes.length));
      bytes.copy(kept);
      this.#kept = kept;
    }
    this.#keptBytes = bytes.length;
    return MORE;
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(sizeFor(length));
    this.#kept.copy(grown, 0, 0, this.#keptBytes);
    this.#kept = grown;
  }
}

/** Doubling, so that a line in a thousand pieces is not copied a thousand times. */
function sizeFor(length: number): number {
  let size = LEAST_BYTES;
  while (size < length) size *= 2;
  return size;
}
