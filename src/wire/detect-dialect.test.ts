import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../test/support/any-text.ts';
import { type DetectedDialect, type DialectHints, detectDialect, readFirstLine } from './detect-dialect.ts';

const SPOKEN = [
  'bitcoin-v1',
  'cryptonote',
  'ethproxy',
  'ethash-plain',
  'ethereum-stratum',
  'eip1571',
  'equihash',
  'kawpow',
  'kaspa',
  'autolykos',
];

function detect(line: string | object, hints: Partial<DialectHints> = {}): DetectedDialect {
  return detectDialect(typeof line === 'string' ? line : JSON.stringify(line), {
    remembered: null,
    listenerDialect: null,
    configured: [],
    known: SPOKEN,
    ...hints,
  });
}

const subscribe = (...params: readonly unknown[]): object => ({ id: 1, method: 'mining.subscribe', params });

const login = (id: unknown, params: object): object => ({ id, method: 'login', params });

const { rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/detection.json', import.meta.url), 'utf8'),
) as {
  readonly rows: readonly {
    readonly client: string;
    readonly first_line?: string;
    readonly expected: string;
  }[];
};

const CERTAIN = (dialect: string): readonly DetectedDialect[] => [{ kind: 'certain', dialect }];
const LIKELY = (...dialects: readonly string[]): readonly DetectedDialect[] =>
  dialects.map((dialect) => ({ kind: 'likely', dialect }));
const UNSPOKEN = (dialect: string): readonly DetectedDialect[] => [{ kind: 'unspoken', dialect }];

/** What the vectors' words mean without any hint. */
const EXPECTED: Readonly<Record<string, readonly DetectedDialect[]>> = {
  'bitcoin-v1': [...CERTAIN('bitcoin-v1'), ...LIKELY('bitcoin-v1')],
  'bitcoin-v1 or another, by listener': LIKELY('bitcoin-v1'),
  cryptonote: CERTAIN('cryptonote'),
  'kawpow or bitcoin-v1 (ghostrider), ambiguous': LIKELY('kawpow', 'bitcoin-v1'),
  'ethash-a': CERTAIN('ethproxy'),
  'ethash-b': CERTAIN('ethash-plain'),
  'ethash-c': CERTAIN('ethereum-stratum'),
  'ethash-d': CERTAIN('eip1571'),
  kawpow: CERTAIN('kawpow'),
  'kawpow or equihash (same reply form)': LIKELY('kawpow', 'equihash'),
  equihash: CERTAIN('equihash'),
  kaspa: CERTAIN('kaspa'),
  'ambiguous: kaspa, ergo, ...': LIKELY('kaspa', 'autolykos'),
  // An authorize alone: taken for what is spoken here.
  alephium: LIKELY('bitcoin-v1', 'alephium'),
  beam: UNSPOKEN('beam'),
  grin: UNSPOKEN('grin'),
  ironfish: UNSPOKEN('ironfish'),
  'ambiguous: xelis and others': LIKELY('kaspa', 'autolykos'),
};

describe('the first line of real clients', () => {
  for (const { client, first_line: line, expected } of rows) {
    if (line === undefined) continue;
    test(`${client}: ${expected}`, () => {
      const allowed = EXPECTED[expected];
      assert.ok(allowed !== undefined, expected);
      const found = detect(line.trim());
      assert.ok(
        allowed.some((one) => JSON.stringify(one) === JSON.stringify(found)),
        JSON.stringify(found),
      );
    });
  }
});

describe('where a line leaves several open', () => {
  const LOLMINER = subscribe('lolMiner 1.76');
  const BOTH = ['kaspa', 'autolykos'];

  test('a subscribe with a program alone may be of equihash, where that is what the port or the miner is known for', () => {
    const ccminer = subscribe('ccminer/2.3.1');
    assert.deepEqual(detect(ccminer, { listenerDialect: 'equihash' }), {
      kind: 'certain',
      dialect: 'equihash',
    });
    const configured = ['bitcoin-v1', 'equihash'];
    assert.deepEqual(detect(ccminer, { configured, remembered: 'equihash' }), {
      kind: 'likely',
      dialect: 'equihash',
    });
    assert.deepEqual(detect(ccminer, { configured }), { kind: 'likely', dialect: 'bitcoin-v1' });
  });

  test('a listener of one dialect decides, even against what is remembered', () => {
    assert.deepEqual(
      detect(LOLMINER, { listenerDialect: 'autolykos', remembered: 'kaspa', configured: BOTH }),
      {
        kind: 'certain',
        dialect: 'autolykos',
      },
    );
  });

  test('a listener does not decide against proof', () => {
    assert.deepEqual(detect(login(1, { login: 'x' }), { listenerDialect: 'kaspa' }), {
      kind: 'certain',
      dialect: 'cryptonote',
    });
    assert.deepEqual(detect(LOLMINER, { listenerDialect: 'cryptonote', configured: ['kaspa'] }), {
      kind: 'likely',
      dialect: 'kaspa',
    });
  });

  test('then what was found out before', () => {
    assert.deepEqual(detect(LOLMINER, { remembered: 'autolykos', configured: BOTH }), {
      kind: 'likely',
      dialect: 'autolykos',
    });
  });

  test('what sent the miner away is not tried again, whatever speaks for it', () => {
    const mistaken = ['kaspa'];
    for (const hints of [{}, { remembered: 'kaspa' }, { serverName: 'kaspa.mine.example' }]) {
      assert.deepEqual(detect(LOLMINER, { ...hints, configured: ['kaspa', 'autolykos'], mistaken }), {
        kind: 'likely',
        dialect: 'autolykos',
      });
    }
  });

  test('where nothing in use is left, what is possible and spoken is tried in turn, and at last the likeliest again', () => {
    const mistaken: string[] = [];
    const tried: string[] = [];
    for (let i = 0; i < 40; i += 1) {
      const found = detect(LOLMINER, { configured: ['kaspa'], mistaken });
      assert.equal(found.kind, 'likely');
      if (found.kind !== 'likely' || tried.includes(found.dialect)) break;
      tried.push(found.dialect);
      mistaken.push(found.dialect);
    }
    assert.equal(tried[0], 'kaspa');
    assert.ok(tried.includes('autolykos') && tried.includes('bitcoin-v1'), tried.join(' '));
    assert.ok(
      tried.every((name) => SPOKEN.includes(name)),
      tried.join(' '),
    );
    assert.deepEqual(detect(LOLMINER, { configured: ['kaspa'], mistaken }), {
      kind: 'likely',
      dialect: 'kaspa',
    });
  });

  test('what was found out before is nothing where the line rules it out', () => {
    assert.deepEqual(detect(LOLMINER, { remembered: 'cryptonote', configured: ['autolykos'] }), {
      kind: 'likely',
      dialect: 'autolykos',
    });
  });

  test('then the name that the miner dialled, by TLS or in its subscribe', () => {
    assert.deepEqual(detect(LOLMINER, { serverName: 'Autolykos.mine.example', configured: BOTH }), {
      kind: 'likely',
      dialect: 'autolykos',
    });
    const gminer = subscribe('GMiner/2.09', null, 'equihash.mine.example', '4505');
    assert.deepEqual(detect(gminer, { configured: ['kawpow', 'equihash'] }), {
      kind: 'likely',
      dialect: 'equihash',
    });
  });

  test('then what the program mines of what is configured', () => {
    assert.deepEqual(detect(LOLMINER, { configured: ['bitcoin-v1', 'autolykos'] }), {
      kind: 'likely',
      dialect: 'autolykos',
    });
  });

  test('then what is configured, though the program is not known for it', () => {
    assert.deepEqual(detect(LOLMINER, { configured: ['bitcoin-v1', 'cryptonote'] }), {
      kind: 'likely',
      dialect: 'bitcoin-v1',
    });
    assert.deepEqual(detect(subscribe('cgminer/4.12.1'), { configured: ['kaspa'] }), {
      kind: 'likely',
      dialect: 'kaspa',
    });
  });

  test('with nothing to go by bitcoin-v1', () => {
    assert.deepEqual(detect(subscribe('anything')), { kind: 'likely', dialect: 'bitcoin-v1' });
    assert.deepEqual(detect({ ...subscribe('anything'), jsonrpc: '2.0' }), {
      kind: 'likely',
      dialect: 'bitcoin-v1',
    });
  });

  test('an authorize alone is what is spoken here, and Alephium where that is', () => {
    const authorize = { id: 1, method: 'mining.authorize', params: ['a', 'x'] };
    assert.deepEqual(detect(authorize, { configured: ['bitcoin-v1'] }), {
      kind: 'likely',
      dialect: 'bitcoin-v1',
    });
    assert.equal(detect(authorize).kind, 'likely');
    assert.deepEqual(detect(authorize, { known: ['alephium', 'bitcoin-v1'] }), {
      kind: 'likely',
      dialect: 'alephium',
    });
    assert.deepEqual(detect(authorize, { known: ['cryptonote'] }), { kind: 'unspoken', dialect: 'alephium' });
  });

  test('a login with a text id is Grin, unless cryptonote is what is served or it names algorithms', () => {
    assert.deepEqual(detect(login('7', { login: 'x' })), { kind: 'unspoken', dialect: 'grin' });
    assert.deepEqual(detect(login('7', { login: 'x' }), { configured: ['cryptonote'] }), {
      kind: 'likely',
      dialect: 'cryptonote',
    });
    assert.deepEqual(detect(login('7', { login: 'x', algo: ['rx/0'] })), {
      kind: 'certain',
      dialect: 'cryptonote',
    });
    assert.deepEqual(detect(login('Stratum', { login: 'x' }), { configured: ['cryptonote'] }), {
      kind: 'unspoken',
      dialect: 'grin',
    });
  });

  test('GPU programs that name 1.0.0 mine more than ethash', () => {
    const bzminer = subscribe('BzMiner-v17.0.0', 'EthereumStratum/1.0.0');
    assert.deepEqual(detect(bzminer, { configured: ['kaspa', 'bitcoin-v1'] }), {
      kind: 'likely',
      dialect: 'kaspa',
    });
    assert.deepEqual(detect(bzminer, { configured: ['ethereum-stratum'] }), {
      kind: 'likely',
      dialect: 'ethereum-stratum',
    });
    assert.deepEqual(detect(subscribe('iceriverminer-v1.1', 'EthereumStratum/1.0.0')), {
      kind: 'certain',
      dialect: 'kaspa',
    });
  });
});

const hello = (agent: string): object => ({
  id: 1,
  method: 'mining.hello',
  params: { agent, host: 'pool.example', port: 'd05', proto: 'EthereumStratum/2.0.0' },
});
const flavourC = (agent: string): object => subscribe(agent, 'EthereumStratum/1.0.0');

describe('a miner that tries flavours', () => {
  test('is told to go on until it comes to the one that is served', () => {
    const ethproxy = { configured: ['ethproxy', 'bitcoin-v1'] };
    assert.deepEqual(detect(hello('ethminer-0.19'), ethproxy), { kind: 'other-flavour', dialect: 'eip1571' });
    assert.deepEqual(detect(flavourC('ethminer 0.19'), ethproxy), {
      kind: 'other-flavour',
      dialect: 'ethereum-stratum',
    });
    assert.deepEqual(detect({ id: 1, method: 'eth_submitLogin', params: ['0x0'] }, ethproxy), {
      kind: 'certain',
      dialect: 'ethproxy',
    });
  });

  test('comes back with one that was refused: it means it, and is taken where that can be translated', () => {
    const configured = ['ethproxy'];
    assert.deepEqual(detect(flavourC('ethminer 0.19'), { configured, remembered: 'ethereum-stratum' }), {
      kind: 'likely',
      dialect: 'ethereum-stratum',
    });
    assert.deepEqual(detect(hello('ethminer-0.19'), { configured, remembered: 'eip1571' }), {
      kind: 'certain',
      dialect: 'eip1571',
    });
    assert.equal(
      detect(hello('ethminer-0.19'), { configured, remembered: 'ethereum-stratum' }).kind,
      'other-flavour',
    );
  });

  test('is taken at once where it is no program that looks for its flavour, and another can be translated', () => {
    assert.deepEqual(detect(flavourC('lolMiner 1.88'), { configured: ['ethash-plain'] }), {
      kind: 'likely',
      dialect: 'ethereum-stratum',
    });
    // What is spoken as it is goes before what is translated.
    assert.deepEqual(detect(flavourC('lolMiner 1.88'), { configured: ['ethproxy', 'kaspa'] }), {
      kind: 'likely',
      dialect: 'kaspa',
    });
  });

  test('is told so by what is remembered, too', () => {
    const remembered = { remembered: 'ethproxy', configured: ['ethproxy', 'ethereum-stratum'] };
    assert.equal(detect(hello('ethminer-0.19'), remembered).kind, 'other-flavour');
    assert.equal(detect(flavourC('ethminer 0.19'), remembered).kind, 'other-flavour');
  });

  test('stays with the first that leads to a pool', () => {
    for (const configured of [['eip1571'], ['ethereum-stratum'], ['bitcoin-v1'], []]) {
      assert.deepEqual(detect(hello('ethminer-0.19'), { configured }), {
        kind: 'certain',
        dialect: 'eip1571',
      });
    }
    assert.deepEqual(detect(hello('ethminer-0.19'), { remembered: 'eip1571' }), {
      kind: 'certain',
      dialect: 'eip1571',
    });
  });

  test('and is kawpowminer ends with its own', () => {
    assert.equal(detect(hello('kawpowminer/1.2.4')).kind, 'other-flavour');
    assert.equal(detect(flavourC('kawpowminer/1.2.4')).kind, 'other-flavour');
    assert.deepEqual(detect({ ...subscribe('kawpowminer/1.2.4'), jsonrpc: '2.0' }), {
      kind: 'certain',
      dialect: 'kawpow',
    });
  });

  test('on a listener of one dialect ends with that', () => {
    assert.equal(detect(hello('ethminer'), { listenerDialect: 'ethereum-stratum' }).kind, 'other-flavour');
    assert.deepEqual(detect(flavourC('ethminer'), { listenerDialect: 'ethereum-stratum' }), {
      kind: 'certain',
      dialect: 'ethereum-stratum',
    });
  });
});

describe('what is nobody’s', () => {
  for (const line of [
    '',
    'not JSON',
    '[]',
    '1',
    'null',
    '{}',
    '{"id":1,"method":"foo"}',
    '{"id":1,"method":7}',
    '{"id":1,"method":"__proto__"}',
    '{"id":1,"method":"toString"}',
    '{"id":1,"method":"login","params":["x"]}',
    '{"id":1,"result":true}',
  ]) {
    test(`is unknown: ${line}`, () => assert.deepEqual(detect(line), { kind: 'unknown' }));
  }

  test('is the listener’s own to refuse where it has one dialect', () => {
    assert.deepEqual(detect('{"id":1,"method":"foo"}', { listenerDialect: 'kaspa' }), {
      kind: 'certain',
      dialect: 'kaspa',
    });
  });
});

describe('what a first line says of the miner', () => {
  for (const [line, expected] of [
    [subscribe('cgminer/4.12.1', '0a1b2c3d'), ['cgminer/4.12.1', '0a1b2c3d', null]],
    [subscribe('NiceHash/1.0.0', '1662637786319', 'HMAC'), ['NiceHash/1.0.0', null, 'hmac']],
    [subscribe('ethminer', 'EthereumStratum/1.0.0'), ['ethminer', null, null]],
    [subscribe('GMiner/2.09', null, 'Pool.Example', '4505'), ['GMiner/2.09', null, 'pool.example']],
    [subscribe('x'.repeat(300)), ['x'.repeat(256), null, null]],
    [{ method: 'login', params: { login: 'x', agent: 'XMRig/6' } }, ['XMRig/6', null, null]],
    [{ method: 'mining.hello', params: { agent: 'e', host: 'H' } }, ['e', null, 'h']],
    [{ method: 'mining.subscribe', body: { agent: 'lolMiner' } }, ['lolMiner', null, null]],
    [{ method: 'mining.authorize', params: ['user', 'pass'] }, ['', null, null]],
  ] as const) {
    test(JSON.stringify(line).slice(0, 60), () => {
      const first = readFirstLine(JSON.stringify(line));
      assert.deepEqual([first?.agent, first?.sessionId, first?.host], expected);
    });
  }
});

describe('properties', () => {
  const dialect = fc.constantFrom(...SPOKEN, 'grin', 'xelis');
  const hints = fc.record({
    remembered: fc.option(dialect),
    listenerDialect: fc.option(dialect),
    configured: fc.uniqueArray(dialect),
    known: fc.uniqueArray(dialect),
  });
  const method = fc.constantFrom(
    'mining.subscribe',
    'mining.hello',
    'login',
    'mining.authorize',
    'eth_getWork',
  );
  const message = fc.record(
    {
      id: fc.jsonValue(),
      method: fc.oneof(method, anyText),
      jsonrpc: fc.constantFrom('2.0', 1),
      params: fc.oneof(
        fc.jsonValue(),
        fc.array(fc.oneof(fc.constantFrom('lolMiner', 'EthereumStratum/1.0.0', null, 3333, 'h'), anyText), {
          maxLength: 5,
        }),
      ),
      body: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );

  test('no line throws, and what is certain or likely is spoken, what is unspoken is not', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          message.map((value) => JSON.stringify(value)),
          anyText,
        ),
        hints,
        (line, given) => {
          const found = detectDialect(line, given);
          if (found.kind === 'certain' || found.kind === 'likely')
            assert.ok(given.known.includes(found.dialect));
          if (found.kind === 'unspoken') assert.ok(!given.known.includes(found.dialect));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
