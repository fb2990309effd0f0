import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testSettings } from '../../test/support/proxy-bed.ts';
import { SpokenMiner } from '../../test/support/spoken-miner.ts';

const PENDING_SUBMITS = 2;

function bounded(): SpokenMiner {
  return new SpokenMiner(testSettings({ limits: { pendingSubmits: PENDING_SUBMITS } }));
}

describe('what a miner and we say to each other', () => {
  test('lines become requests, and when the last of them came is known', () => {
    const miner = new SpokenMiner();
    miner.clock.nowMs += 500;
    miner.dialogue.hear(Buffer.from('{"id":1,"method":"mining.extranonce.subscribe","params":[]}\n{"id":2'));
    assert.deepEqual(
      miner.requests.map(({ kind }) => kind),
      ['extranonce-subscribe'],
    );
    assert.equal(miner.dialogue.heardAtMs, miner.clock.nowMs);
  });

  test('nothing is read behind a line that has ended the connection', () => {
    const miner = new SpokenMiner();
    miner.onRequest = (request) => {
      miner.requests.push(request);
      miner.connection.close('kicked');
    };
    miner.dialogue.hear(Buffer.from('{"id":1,"method":"a"}\n{"id":2,"method":"b"}\n'));
    assert.equal(miner.requests.length, 1);
  });

  test('a line that is too long is told so, and ends the connection', () => {
    const miner = new SpokenMiner(testSettings({ limits: { lineBytes: 16 } }));
    miner.dialogue.hear(Buffer.from('x'.repeat(17)));
    assert.match(miner.takeTold(), /The line is too long/);
    assert.equal(miner.closed, 'line-too-long');
  });

  test('answers keep the order of the requests; notifications and an id of null wait for nothing', () => {
    const miner = new SpokenMiner();
    const { dialogue } = miner;
    const first = dialogue.keepPlace('1');
    dialogue.reply('2', 'second\n');
    dialogue.reply('null', 'unasked\n');
    assert.equal(miner.takeTold(), '');
    dialogue.send('notification\n');
    assert.equal(miner.takeTold(), 'notification\n');
    assert.equal(dialogue.pending, 2);
    dialogue.answer(first, 'first\n');
    assert.equal(miner.takeTold(), 'first\nsecond\n');
    assert.equal(dialogue.pending, 0);
    const unasked = dialogue.keepPlace('null');
    dialogue.answer(unasked, 'to nobody\n');
    assert.equal(miner.takeTold(), '');
  });

  test('a miner that asks and asks while its pool is silent is not read, until the answers are there', () => {
    const miner = bounded();
    const places = [1, 2].map((id) => miner.dialogue.keepPlace(`${id}`));
    for (const id of ['3', '4']) miner.dialogue.reply(id, `${id}\n`);
    assert.equal(miner.isRead, true);
    miner.dialogue.reply('5', '5\n');
    assert.deepEqual([miner.isRead, miner.closed], [false, null]);
    for (const place of places) miner.dialogue.answer(place, `${place.id}\n`);
    assert.equal(miner.isRead, true);
    assert.equal(miner.takeTold(), '1\n2\n3\n4\n5\n');
  });

  test('one that does so before it is logged in is a flood', () => {
    const miner = bounded();
    miner.isAdmitted = false;
    miner.dialogue.keepPlace('1');
    for (const id of ['2', '3', '4', '5']) miner.dialogue.reply(id, 'x\n');
    assert.equal(miner.closed, 'flood');
  });

  test('faults are forgiven by and by', () => {
    const miner = new SpokenMiner();
    for (let i = 0; i < 64; i += 1) miner.dialogue.countFault();
    miner.dialogue.forgive();
    for (let i = 0; i < 32; i += 1) miner.dialogue.countFault();
    assert.equal(miner.closed, null);
    miner.dialogue.countFault();
    assert.equal(miner.closed, 'flood');
  });
});
