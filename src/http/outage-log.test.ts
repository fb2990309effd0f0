import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecordingLog, testServer } from '../../test/support/http-fixtures.ts';

describe('the log while the store is out', () => {
  test('has the cause once, without a stack, and again after a change has gone through', async () => {
    const log = new RecordingLog();
    let fault: Error | null = new Error('the disk is full; free some space');
    const { inject } = testServer({
      log,
      faults: { outageOf: () => 'full' },
      accounts: {
        async register() {
          if (fault !== null) throw fault;
          return { kind: 'created', name: '0123456789abcdef' };
        },
      },
    });
    const register = async (): Promise<number> => {
      const payload = { pool: 'one.example.com:3333', user: 'bob', password: 's3cr3t' };
      return (await inject({ method: 'POST', url: '/api/v1/users', payload })).statusCode;
    };
    const failures = (level: string): number =>
      log.lines.filter((line) => line.startsWith(`${level} api request failed`)).length;
    for (let i = 0; i < 3; i += 1) assert.equal(await register(), 503);
    assert.deepEqual([failures('error'), failures('debug')], [1, 2]);
    assert.match(log.text, /the disk is full; free some space/);
    assert.equal(/\n? +at /.test(log.text) || log.text.includes('s3cr3t'), false);
    const again = fault;
    fault = null;
    assert.equal(await register(), 201);
    fault = again;
    assert.equal(await register(), 503);
    assert.equal(failures('error'), 2);
  });
});
