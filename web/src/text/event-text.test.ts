import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { ProxyEvent } from '../api/types.ts';

// What the page reads of the browser to know its language.
Object.assign(globalThis, {
  localStorage: { getItem: () => null },
  matchMedia: () => ({ matches: false, addEventListener() {} }),
});
const { language } = await import('../state/preferences.ts');
const { eventText } = await import('./event-text.ts');

const AT = { id: 1, at: '2026-01-02T03:04:05.006Z', severity: 'info' } as const;
const changed: ProxyEvent = {
  ...AT,
  kind: 'account-changed',
  message: 'account 00112233445566aa was changed by 3: farm: pool, user',
  account: '00112233445566aa',
  by: '3: farm',
  changed: ['pool', 'user'],
};

describe('the sentence of an event', () => {
  const before = language.value;
  afterEach(() => {
    language.value = before;
  });

  test('is the own one of the API in English', () => {
    language.value = 'en';
    assert.equal(eventText(changed), changed.message);
  });

  test('says in Russian who has changed what, also where a label has a colon', () => {
    language.value = 'ru';
    assert.equal(eventText(changed), 'Аккаунт 00112233445566aa изменён (токен 3: farm): pool, user');
    assert.equal(
      eventText({ ...changed, by: 'command line', changed: ['pool'], count: 2 }),
      'Аккаунт 00112233445566aa изменён из командной строки: pool (×2)',
    );
  });

  test('says in Russian what is wrong with the data file, and how the last run ended', () => {
    language.value = 'ru';
    const message = 'nothing can be stored any more, miners go on: database or disk is full: free some space';
    assert.equal(
      eventText({ ...AT, kind: 'store-fault', message }),
      'Файл данных недоступен: database or disk is full: free some space',
    );
    const started = { ...AT, kind: 'proxy-started', message: '', version: '1.2.3' };
    assert.equal(eventText({ ...started, lastEnd: 'in-order' }), 'Прокси запущен, версия 1.2.3');
    assert.equal(
      eventText({ ...started, lastEnd: 'not-in-order' }),
      'Прокси запущен, версия 1.2.3: прошлый запуск оборвался',
    );
  });
});
