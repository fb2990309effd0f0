import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { openFarm, openPage } from '../support/dashboard.ts';

const TOLD = {
  notReady: /^Прокси не готов: файл данных: .*lock/,
  changed: /^Аккаунт \w+ изменён: password, label$/,
  fault: /^Файл данных недоступен: .*lock/,
  ok: /^Файл данных снова доступен$/,
  started: /^Прокси запущен, версия \d/,
} as const;

describe('the dashboard tells', () => {
  test('in Russian that the proxy is not ready, by its stream alone, and what has happened', async (t) => {
    const farm = await openFarm(t);
    const { program } = farm;
    const pool = await farm.pool();
    const name = await farm.account(pool, 'alice');
    await program.request('PATCH', `/api/v1/users/${name}`, { body: { password: 'other', label: 'mine' } });
    const page = await openPage(farm, { locale: 'ru-RU' });
    await page.goto(`${program.web}/#/events`);
    await page.getByRole('cell', { name: TOLD.started }).waitFor();
    const other = new Database(program.dataFile);
    other.exec('begin exclusive');
    try {
      await page.locator('.banner').getByText(TOLD.notReady).waitFor({ timeout: 30_000 });
      await page.getByRole('cell', { name: TOLD.fault }).waitFor({ timeout: 30_000 });
    } finally {
      other.exec('rollback');
      other.close();
    }
    await page.locator('.banner').waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByRole('cell', { name: TOLD.ok }).waitFor();
    await page.getByRole('cell', { name: TOLD.changed }).waitFor();
  });
});
