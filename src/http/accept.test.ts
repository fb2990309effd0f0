import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptsGzip, prefers } from './accept.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

describe('prefers', () => {
  const cases: readonly [string, string | undefined, string][] = [
    ['nothing said', undefined, TEXT],
    ['an empty header', '', TEXT],
    ['curl', '*/*', TEXT],
    [
      'Prometheus 2.x',
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      OPEN,
    ],
    [
      'Prometheus 3.x',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      OPEN,
    ],
    ['only an old OpenMetrics', 'application/openmetrics-text;version=0.0.1', TEXT],
    ['OpenMetrics without a version', 'application/openmetrics-text', OPEN],
    ['text preferred', 'text/plain;q=1, application/openmetrics-text;q=0.9', TEXT],
    ['OpenMetrics refused', 'application/openmetrics-text;q=0, */*', TEXT],
    ['neither', 'image/png', TEXT],
    ['any text', 'text/*', TEXT],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
    ['a bad weight', 'application/openmetrics-text;q=high, text/plain;q=0.1', TEXT],
  ];
  for (const [name, header, wanted] of cases) {
    test(name, () => assert.equal(prefers(header, [TEXT, OPEN]), wanted));
  }
});

describe('acceptsGzip', () => {
  const cases: readonly [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['x-gzip', true],
    ['*', true],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['br', false],
    ['identity, *;q=0', false],
  ];
  for (const [header, wanted] of cases) {
    test(`${header}`, () => assert.equal(acceptsGzip(header), wanted));
  }
});
