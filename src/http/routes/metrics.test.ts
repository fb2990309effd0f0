import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { testServer } from '../../../test/support/http-fixtures.ts';
import type { MetricsFormat } from '../ports.ts';

describe('GET /metrics', () => {
  const body = Array.from({ length: 3000 }, (_, at) => `metric{at="${at}"} ${at}\n`);
  const metrics = {
    async *render(format: MetricsFormat) {
      yield Buffer.from(`# ${format}\n`);
      for (const line of body) yield Buffer.from(line);
    },
  };
  const whole = `# text\n${body.join('')}`;
  const metered = testServer({ metrics });

  test('is the text format', async () => {
    const response = await metered.inject('/metrics');
    assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(response.headers['vary'], 'accept, accept-encoding');
    assert.equal(response.payload, whole);
  });

  test('is OpenMetrics for who prefers it', async () => {
    const response = await metered.inject({
      url: '/metrics',
      headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' },
    });
    assert.equal(
      response.headers['content-type'],
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    assert.ok(response.payload.startsWith('# openmetrics\n'));
  });

  test('is compressed for who asks', async () => {
    const response = await metered.inject({
      url: '/metrics',
      headers: { 'accept-encoding': 'gzip' },
    });
    assert.equal(response.headers['content-encoding'], 'gzip');
    assert.ok(response.rawPayload.length < whole.length / 2);
    assert.equal(gunzipSync(response.rawPayload).toString(), whole);
  });

  test('an exposition that fails at once is a plain 500', async () => {
    const server = testServer({
      metrics: {
        // oxlint-disable-next-line require-yield
        async *render(): AsyncGenerator<Uint8Array> {
          throw new Error('worker is gone');
        },
      },
    });
    const response = await server.inject('/metrics');
    assert.equal(response.statusCode, 500);
    assert.equal(response.json<{ error: { code: string } }>().error.code, 'internal');
    assert.match(server.log.text, /worker is gone/);
  });

  test('an empty one is an empty page', async () => {
    const response = await testServer({
      // oxlint-disable-next-line require-yield
      metrics: { async *render(): AsyncGenerator<Uint8Array> {} },
    }).inject('/metrics');
    assert.deepEqual([response.statusCode, response.payload], [200, '']);
  });

  test('does not count towards the rate limit, nor does health', async () => {
    const server = testServer({ metrics }, { limits: { requestsPerMinute: 1 } });
    for (let count = 0; count < 5; count++) {
      assert.equal((await server.inject('/metrics')).statusCode, 200);
      assert.equal((await server.inject('/api/v1/health')).statusCode, 200);
      assert.equal((await server.inject('/api/v1/ready')).statusCode, 200);
    }
  });
});
