import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hideSecrets, redactLine } from './redact-line.ts';

const SECRET = 'hunter2-"quoted"';

describe('a recorded line', () => {
  for (const message of [
    { id: 1, method: 'mining.authorize', params: ['wallet.rig', SECRET] },
    { id: 1, method: 'mining.authorize', params: ['wallet.rig', { secret: SECRET }, SECRET] },
    { id: 1, method: 'eth_submitLogin', params: ['wallet', SECRET], worker: 'rig' },
    { id: 1, method: 'mining.login', params: [{ pass: SECRET }, SECRET] },
    { id: 1, method: 'login', params: { login: 'wallet', pass: SECRET, agent: 'xmrig' } },
    { id: 1, method: 'login', params: { login: 'wallet', password: SECRET, token: SECRET } },
    { id: 1, method: 'hello', params: { password: SECRET } },
    [{ id: 1, method: 'mining.authorize', params: ['w', SECRET] }],
    { id: 1, method: 'x', params: [[{ deep: { pwd: SECRET } }]] },
  ]) {
    const line = JSON.stringify(message);
    const short = line.replaceAll(JSON.stringify(SECRET), '"SECRET"');
    test(`${short} keeps its secret`, () => {
      const { text, secrets } = redactLine(line);
      assert.equal(text.includes('hunter2'), false, text);
      assert.ok(text.includes('***'));
      assert.ok(secrets.some((secret) => secret.includes('hunter2')));
      assert.doesNotThrow(() => JSON.parse(text));
    });
  }

  test('is the same when a letter of the method or the password is escaped', () => {
    const { text } = redactLine('{"id":1,"method":"mining.\\u0061uthorize","params":["w","\\u0068unter2"]}');
    assert.equal(text, '{"id":1,"method":"mining.authorize","params":["w","***"]}');
  });

  test('stays as it was written where there is nothing to hide', () => {
    for (const line of [
      '{"id": 1,  "method":"mining.submit","params":["w","job","00","5f","ab"]}',
      '{"id":1,"method":"mining.subscribe","params":["cgminer/4"]}',
      'no json at all',
    ])
      assert.equal(redactLine(line).text, line);
  });

  test('that is cut off within a login is hidden as a whole', () => {
    assert.equal(
      redactLine('{"method":"mining.authorize","params":["w","hunter2"').text.includes('hunter2'),
      false,
    );
  });

  test('and words that quote what was hidden are without it', () => {
    const quoted = `error: bad password ${SECRET} / ${JSON.stringify(SECRET)}`;
    assert.equal(hideSecrets(quoted, [SECRET]).includes('hunter2'), false);
    assert.equal(hideSecrets('x=1', ['x']), 'x=1', 'what is too short is no secret');
  });
});
