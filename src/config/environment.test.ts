import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEnvironment } from './environment.ts';

describe('readEnvironment', () => {
  test('reads the variables of keys and leaves all others alone', () => {
    const { byKey, problems, file } = readEnvironment({
      PATH: '/bin',
      STRATUM_URL: 'x',
      STRATUM_PROXY_LIMITS_HANDSHAKE_MS: '5000',
      STRATUM_PROXY_SYSLOG: 'true',
      STRATUM_PROXY_CONFIG: 'proxy.yaml',
    });
    assert.deepEqual(problems, []);
    assert.equal(file, 'proxy.yaml');
    assert.deepEqual(
      [...byKey],
      [
        ['limits.handshakeMs', { raw: '5000', place: 'STRATUM_PROXY_LIMITS_HANDSHAKE_MS' }],
        ['syslog', { raw: 'true', place: 'STRATUM_PROXY_SYSLOG' }],
      ],
    );
  });

  test('takes an empty variable for one that is not set', () => {
    const { byKey, problems, file } = readEnvironment({
      STRATUM_PROXY_LIMITS_HANDSHAKE_MS: '',
      STRATUM_PROXY_CONFIG: '',
      STRATUM_PROXY_VERIFY: undefined,
    });
    assert.deepEqual([byKey.size, problems.length, file], [0, 0, null]);
  });

  test('refuses an unknown variable with the likeliest one, and without its value', () => {
    const { problems, doubtful } = readEnvironment({
      STRATUM_PROXY_LIMIT_HANDSHAKE_MS: 'secret',
      STRATUM_PROXY_HANDSHAKE_MS: 'secret',
      STRATUM_PROXY_CONFG: 'secret',
      STRATUM_PROXY_QQQQ: 'secret',
      STRATUM_PROXY_WEB_PORT: '80',
    });
    assert.deepEqual(problems, [
      'STRATUM_PROXY_LIMIT_HANDSHAKE_MS: unknown variable, did you mean STRATUM_PROXY_LIMITS_HANDSHAKE_MS?',
      'STRATUM_PROXY_HANDSHAKE_MS: unknown variable, did you mean STRATUM_PROXY_LIMITS_HANDSHAKE_MS?',
      'STRATUM_PROXY_CONFG: unknown variable, did you mean STRATUM_PROXY_CONFIG?',
      'STRATUM_PROXY_QQQQ: unknown variable, all are in docs/configuration.md',
      'STRATUM_PROXY_WEB_PORT: unknown variable, all are in docs/configuration.md',
    ]);
    assert.deepEqual([...doubtful], ['limits.handshakeMs']);
  });

  test('ignores what Kubernetes sets for services called stratum-proxy and stratum-proxy-web', () => {
    const { problems } = readEnvironment({
      STRATUM_PROXY_SERVICE_HOST: '10.0.0.1',
      STRATUM_PROXY_SERVICE_PORT: '9332',
      STRATUM_PROXY_SERVICE_PORT_STRATUM: '9332',
      STRATUM_PROXY_PORT: 'tcp://10.0.0.1:9332',
      STRATUM_PROXY_PORT_9332_TCP: 'tcp://10.0.0.1:9332',
      STRATUM_PROXY_PORT_9332_TCP_PROTO: 'tcp',
      STRATUM_PROXY_PORT_9332_TCP_PORT: '9332',
      STRATUM_PROXY_PORT_9332_TCP_ADDR: '10.0.0.1',
      STRATUM_PROXY_WEB_PORT: 'tcp://10.0.0.1:80',
      STRATUM_PROXY_WEB_SERVICE_HOST: '10.0.0.1',
    });
    assert.deepEqual(problems, []);
  });
});
