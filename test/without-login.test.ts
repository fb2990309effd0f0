import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { makeSelfSigned } from '../src/net/self-signed.ts';
import { openRoom } from './support/proxy-room.ts';
import { until } from './support/until.ts';

/** `127.0.0.1:50123` as the proxy sees it. */
function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

describe('connections that have not logged in', () => {
  test('are seen whatever they have said, with an id that shows and disconnects them', async () => {
    await using room = await openRoom();
    const { proxy } = room.bed;
    const mining = await room.mining();
    const silent = await room.miner({ from: '127.0.5.1' });
    const halfLine = await room.miner({ from: '127.0.5.2' });
    halfLine.socket.write('{"id":1,');
    const configuring = await room.miner({ from: '127.0.5.3' });
    await configuring.configure();
    const subscribed = await room.miner({ from: '127.0.5.4', agent: 'flood/1.0' });
    const { sessionId } = await subscribed.subscribe();
    const refused = await room.miner({ from: '127.0.5.5', user: 'ffeeddccbbaa9988' });
    await refused.subscribe();
    await refused.authorize();

    const rows = await until(() => {
      const list = proxy.withoutLogin();
      const byIp = new Map(list.map((row) => [row.address.slice(0, row.address.indexOf(':')), row]));
      return list.length === 5 && byIp.get('127.0.5.2')?.bytesReceived === 8 && byIp;
    }, 'five connections');
    const of = (last: number) => {
      const row = rows.get(`127.0.5.${last}`);
      assert.ok(row !== undefined);
      return row;
    };
    assert.deepEqual([of(1).dialect, of(1).agent, of(1).bytesReceived], ['', '', 0]);
    assert.deepEqual([of(3).dialect, of(3).account, of(3).up], ['bitcoin-v1', '', true]);
    assert.deepEqual([of(4).id, of(4).agent], [sessionId, 'flood/1.0']);
    assert.equal(of(5).id, refused.geometry.sessionId);
    assert.equal(portOf(of(1).address), silent.socket.localPort);
    for (const last of [1, 2, 3, 4, 5]) assert.ok(Math.abs(of(last).connectedAtMs - Date.now()) < 60_000);
    const ids = [...rows.values()].map(({ id }) => id);
    assert.equal(new Set(ids).size, 5);
    for (const id of ids) {
      assert.match(id, /^[0-9a-f]{14,16}$/);
      assert.equal(proxy.session(id)?.row.id, id);
      assert.equal(proxy.session(id)?.isAuthorized, false);
    }
    const list = proxy.withoutLogin();
    assert.deepEqual(structuredClone(list), list, 'plain data, since it may cross a process boundary');

    for (const id of ids) assert.equal(proxy.operations.kick(id), true);
    for (const miner of [silent, halfLine, configuring, subscribed, refused]) await miner.closed();
    for (const id of ids) assert.equal(proxy.operations.kick(id), false);
    assert.deepEqual(proxy.withoutLogin(), []);
    assert.equal(mining.miner.isClosed, false);
    await until(() => proxy.report().facts.connectionsRefused['kicked'] === 5, 'they are counted');
  });

  test('are seen while they are on their way into TLS, and inside', async () => {
    const notBefore = new Date(Date.now() - 1000);
    const notAfter = new Date(Date.now() + 3_600_000);
    const { key, certificate: cert } = makeSelfSigned({ names: ['localhost'], notBefore, notAfter });
    const secure = createSecureContext({ key, cert });
    await using room = await openRoom({}, { parts: { secureContext: () => secure } });
    const { proxy, port } = room.bed;
    const halfOpen = connect(port, '127.0.0.1');
    // The header of a ClientHello that never comes.
    halfOpen.write(Buffer.from('160301020001000001fc0303', 'hex'));
    const inside = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(inside, 'secureConnect');
    inside.write('{"id":1,');
    const rows = await until(() => {
      const list = proxy.withoutLogin();
      return list.length === 2 && list.some(({ bytesReceived }) => bytesReceived === 8) && list;
    }, 'both');
    const ports = new Set(rows.map(({ address }) => portOf(address)));
    assert.deepEqual(ports, new Set([halfOpen.localPort, inside.localPort]));
    for (const socket of [halfOpen, inside]) socket.on('error', () => {}).resume();
    const closed = [halfOpen, inside].map((socket) => once(socket, 'close'));
    for (const { id } of rows) assert.equal(proxy.operations.kick(id), true);
    await Promise.all(closed);
  });

  test('keep the id that they were seen under when they go on', async () => {
    await using room = await openRoom();
    const { proxy } = room.bed;
    const miner = await room.miner();
    const [seen] = await until(() => {
      const list = proxy.withoutLogin();
      return list.length === 1 && list;
    }, 'the connection');
    assert.ok(seen !== undefined);
    const { sessionId } = await miner.subscribe();
    miner.sendAuthorize();
    await room.pool.login();
    await miner.nextWhere(({ id }) => id === 2);
    assert.deepEqual(proxy.withoutLogin(), []);
    assert.equal(proxy.session(seen.id)?.row.id, sessionId);
    assert.equal(proxy.session(`${seen.id.slice(0, 6)}00000009`), null);
    assert.equal(proxy.session(`000000${seen.id.slice(6)}`), null, 'of another run');
    assert.equal(proxy.operations.kick(seen.id), true);
    await miner.closed();
    assert.equal(proxy.operations.kick(sessionId), false);
  });
});
