import { after, before } from 'node:test';
import { type Peer, spawnPeer } from './control.ts';
import type { LoadCommands } from './load.ts';
import type { PoolCommands } from './pool.ts';

/** A pool and a load in processes of their own, for the tests that follow. */
export function peerBed(): { readonly pool: Peer<PoolCommands>; readonly load: Peer<LoadCommands> } {
  let pool: Peer<PoolCommands>;
  let load: Peer<LoadCommands>;

  before(() => {
    pool = spawnPeer('pool', new URL('./pool.ts', import.meta.url), null);
    load = spawnPeer('load', new URL('./load.ts', import.meta.url), null);
  });

  after(() => {
    pool.child.kill('SIGKILL');
    load.child.kill('SIGKILL');
  });

  return {
    get pool() {
      return pool;
    },
    get load() {
      return load;
    },
  };
}
