import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { hashToken } from '../../src/http/auth.ts';
import { barriersOf, openContext, openFarm, openPage, PHONE, picture } from '../support/dashboard.ts';

describe('an operator at the dashboard', () => {
  test('sees it although the browser calls its language by no valid name', async (t) => {
    const farm = await openFarm(t);
    const page = await openPage(farm);
    await page.addInitScript(`
      Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' });
      Object.defineProperty(Navigator.prototype, 'languages', { get: () => ['en-US@posix'] });
    `);
    await page.goto(farm.program.web);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  test('is told where the page cannot start', async (t) => {
    const farm = await openFarm(t);
    const context = await openContext(farm);
    const page = await context.newPage();
    await page.addInitScript(
      "Object.defineProperty(window, 'localStorage', { get() { throw new Error('storage is blocked'); } });",
    );
    await page.goto(farm.program.web);
    await page.getByRole('alert').getByText('storage is blocked').waitFor();
  });

  test('is asked before an address is banned, told who is behind it, and offered the way back', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const [one, two] = [await farm.account(pool, 'alice'), await farm.account(pool, 'bob')];
    const miners = [farm.miner(`${one}.rig1`), farm.miner(`${one}.rig2`), farm.miner(`${two}.rig3`)];
    for (const miner of miners) await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/workers/${one}/rig1`);
    const opener = page.getByRole('button', { name: 'Ban its address' });
    await opener.click();
    await page.getByText(/3 miners of 2 accounts/).waitFor();
    // The focus is on the way back, and Escape goes it too.
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Cancel');
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Ban its address');
    const bans = async (): Promise<number> =>
      ((await farm.program.get('/api/v1/bans')).json as { readonly bans: unknown[] }).bans.length;
    assert.equal(await bans(), 0);
    await opener.click();
    await page.getByRole('button', { name: 'Ban', exact: true }).click();
    await page.getByText('is banned for an hour.').waitFor();
    assert.equal(await bans(), 1);
    await page.locator('.notice').getByRole('button', { name: 'Lift' }).click();
    await page.getByText('may connect again.').waitFor();
    assert.equal(await bans(), 0);
  });

  test('with a token that only reads is shown why nothing can be changed', async (t) => {
    const tokens = ['read', 'register', 'admin'].map((scope) => `${scope}:${hashToken(`sp_${scope}`)}`);
    const farm = await openFarm(t, ['--web.tokens', tokens.join(',')]);
    const context = await openContext(farm);
    const page = await context.newPage();
    const logIn = async (token: string): Promise<void> => {
      await page.getByLabel('Token', { exact: true }).fill(token);
      await page.getByRole('button', { name: 'Log in' }).click();
    };
    await page.goto(`${farm.program.web}/#/system`);
    await logIn('sp_register');
    await page.getByText('may only register accounts').waitFor();
    await logIn('sp_read');
    await page.getByRole('heading', { name: 'System' }).waitFor();
    const change = page.getByRole('button', { name: 'Ban an address' });
    await page.locator('button[title="This token may only read."]').first().waitFor();
    assert.equal(await change.isDisabled(), true);
    const section = page.getByRole('region', { name: 'API tokens' });
    await section.getByText('This token may not do that.').waitFor();
    assert.equal(await page.getByText('the API is open').count(), 0);
    assert.equal(await page.getByText('No change yet').count(), 0);
  });

  test('is told when the proxy cannot reach its data', async (t) => {
    const farm = await openFarm(t);
    const context = await openContext(farm);
    const page = await context.newPage();
    await page.goto(`${farm.program.web}/#/system`);
    await page.getByText('Nobody is banned').waitFor();
    const ban = async (): Promise<void> => {
      await page.getByLabel('Address or network').fill('192.0.2.7');
      await page.getByRole('button', { name: 'Ban an address' }).click();
      await page.getByRole('button', { name: 'Ban', exact: true }).click();
    };
    const other = new Database(farm.program.dataFile);
    other.exec('begin exclusive');
    try {
      await ban();
      // At once by the stream, and by the call once it has waited for the lock in vain.
      await page.locator('.banner', { hasText: /not ready: the data file: .*lock/ }).waitFor();
      await page.locator('.banner', { hasText: 'cannot do part of its work' }).waitFor({ timeout: 60_000 });
    } finally {
      other.exec('rollback');
      other.close();
    }
    await ban();
    await page.getByRole('cell', { name: '192.0.2.7', exact: true }).waitFor();
    await page.locator('.banner').waitFor({ state: 'detached' });
  });

  test('sees that nobody mines on a pool, which is no fault of it', async (t) => {
    const farm = await openFarm(t, ['--upstream.lingerMs', '500']);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const name = await farm.account(pool, 'alice');
    const miner = farm.miner(`${name}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm);
    await page.goto(farm.program.web);
    const row = page.getByRole('row', { name: new RegExp(formatEndpoint(pool.endpoint)) });
    await row.getByText('up', { exact: true }).waitFor();
    await miner.stop();
    await row.getByText('idle', { exact: true }).waitFor();
    await page.locator('.tile', { hasText: 'Pools up' }).getByText('0 / 0').waitFor();
  });

  test('sees names that turn the text around as they are', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const name = await farm.account(pool, 'alice');
    const miner = farm.miner(`${name}.rig\u202Egpj`);
    await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/workers`);
    const link = page.getByRole('link', { name: String.raw`rig\u{202e}gpj` });
    await link.waitFor();
    assert.equal(await link.locator('bdi').count(), 1);
    await link.click();
    await page.getByRole('heading', { name: String.raw`rig\u{202e}gpj` }).waitFor();
  });

  test('does not send a password to another pool than it was for', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    await farm.program.addPool('other.example:3333', 'sha256d');
    const name = await farm.account(pool, 'alice', 'of the first pool');
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/accounts/${name}`);
    await page.getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog');
    const password = dialog.getByLabel('Password at the pool');
    assert.equal(await password.getAttribute('placeholder'), 'unchanged');
    await dialog.getByLabel('Pool', { exact: true }).fill('other.example:3333');
    await dialog.getByText('the stored password is not sent there').waitFor();
    assert.equal(await password.getAttribute('placeholder'), '');
    await dialog.getByLabel('Lowest difficulty').fill('1024');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. Miners').waitFor();
    const { json } = await farm.program.get(`/api/v1/users/${name}`);
    const user = json as { readonly hasPassword: boolean; readonly difficulty: { readonly min: number } };
    assert.equal(user.hasPassword, false);
    assert.equal(user.difficulty.min, 1024);
  });

  test('is shown which login a pool refuses', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.scriptedPool();
    const name = await farm.account(pool, 'wrong');
    const miner = farm.miner(`${name}.rig1`);
    const peer = await pool.connection();
    while (pool.peers.length > 0) {
      const { id, method } = await peer.next();
      const isLogin = method === 'mining.authorize';
      if (isLogin) peer.send({ id, result: false, error: [24, 'no such worker', null] });
      else if (method === 'mining.subscribe')
        peer.send({ id, error: null, result: [[['mining.notify', 'a1']], '08000002', 4] });
      else peer.send({ id, error: null, result: { 'version-rolling': false } });
      if (isLogin) break;
    }
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/accounts/${name}`);
    await page
      .getByRole('alert')
      .getByText(/refuses the login wrong: .*no such worker/)
      .waitFor();
    await page.getByRole('row', { name: /wrong/ }).getByText('refuses logins').waitFor();
    await miner.stop();
  });

  test('finds workers by the note of their account, and saves what is shown', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const name = await farm.account(pool, 'alice');
    const other = await farm.account(pool, 'bob');
    await farm.program.request('PATCH', `/api/v1/users/${name}`, { body: { label: 'hall 3' } });
    const miners = [farm.miner(`${name}.rig1`), farm.miner(`${other}.rig2`)];
    for (const miner of miners) await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/workers`);
    await page.getByRole('row', { name: /rig1 hall 3/ }).waitFor();
    await page.getByLabel('Search').fill('hall');
    await page.getByRole('button', { name: 'hall 3' }).click();
    await page.getByRole('row', { name: /rig2/ }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /rig1/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? '', new RegExp(`^rig1,${name},hall 3,sha256d,`));
  });

  test('has every account in one table, however many there are', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const count = 1200;
    const lines = Array.from({ length: count }, (_, i) =>
      JSON.stringify({
        pool: formatEndpoint(pool.endpoint),
        user: `u${i}`,
        password: 'x',
        label: `note ${String(i).padStart(4, '0')}`,
      }),
    );
    const imported = await fetch(`${farm.program.web}/api/v1/users/import`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    assert.equal(imported.status, 200);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/accounts`);
    await page.getByText('1,200 accounts').waitFor();
    await page.getByRole('button', { name: 'Note' }).click();
    await page.getByRole('row', { name: /note 0000/ }).waitFor();
    await page.getByRole('button', { name: 'Note' }).click();
    await page.getByRole('row', { name: /note 1199/ }).waitFor();
    assert.ok((await page.getByRole('row').count()) < 100, 'those that are seen');
  });

  test('reads Russian, times and events too', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const name = await farm.account(pool, 'alice');
    const miner = farm.miner(`${name}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm, { locale: 'ru-RU' });
    await page.goto(`${farm.program.web}/#/events`);
    await page.getByText(`Аккаунт ${name} зарегистрирован`).waitFor();
    await page.goto(`${farm.program.web}/#/`);
    const legend = page.locator('.u-legend').first();
    await legend.getByText('Время').waitFor();
    await page.goto(`${farm.program.web}/#/system`);
    await page.getByLabel('Права').waitFor();
    assert.equal(await page.getByRole('option', { name: 'чтение' }).count(), 1);
  });

  test('on a phone reads whole cells', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const name = await farm.account(pool, 'alice');
    const miner = farm.miner(`${name}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm, { viewport: PHONE });
    for (const view of ['', 'workers', 'accounts', 'pools', 'events', 'system', `accounts/${name}`]) {
      await page.goto(`${farm.program.web}/#/${view}`);
      await page.locator('[role=row] a, [role=cell]').first().waitFor();
      await picture(page, `phone-${view.replaceAll('/', '-')}`);
      const wide: unknown = await page.evaluate(
        `[...document.querySelectorAll('.table, .rows, .rows .space .row > div')]
          .filter((one) => one.scrollWidth > one.clientWidth + 1)
          .map((one) => (one.getAttribute('aria-label') ?? one.textContent))`,
      );
      assert.deepEqual(wide, [], view);
    }
  });

  test('sees one of two logins at a pool mine, not both', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const address = formatEndpoint(pool.endpoint);
    const body = { pool: address, user: 'one', backups: [{ pool: address, user: 'two' }] };
    const { name } = (await farm.program.post('/api/v1/users', body)).json as { readonly name: string };
    const miner = farm.miner(`${name}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 1);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/accounts/${name}`);
    await page
      .getByRole('row', { name: /First .* one / })
      .getByText('Mines here')
      .waitFor();
    assert.equal(await page.getByText('Mines here').count(), 1);
    await page.getByText('Last seen').waitFor();
    await page.getByText('Registered', { exact: true }).waitFor();
  });

  test('tries a login before it is kept, and sets how a pool is dealt with', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const address = formatEndpoint(pool.endpoint);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/accounts`);
    await page.getByRole('button', { name: 'Register an account' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Pool', { exact: true }).fill(address);
    await form.getByLabel('User at the pool').fill('alice');
    await form.getByRole('button', { name: 'Test this login' }).click();
    await form.getByRole('region', { name: 'What the pool says' }).getByText('bitcoin-v1').waitFor();
    assert.deepEqual(await barriersOf(page), []);
    await form.getByRole('button', { name: 'Cancel' }).click();

    await page.goto(`${farm.program.web}/#/pools`);
    await page.getByRole('button', { name: `Change: ${address}` }).click();
    const options = page.getByRole('dialog');
    await options.getByLabel('Difficulty to ask for').fill('4096');
    assert.deepEqual(await barriersOf(page, 'dialog'), []);
    await options.getByRole('button', { name: 'Save' }).click();
    await page.getByText(`${address} is changed.`).waitFor();
    const { json } = await farm.program.get(`/api/v1/pools?search=${encodeURIComponent(address)}`);
    const [listed] = (json as { readonly pools: readonly { readonly options: Record<string, unknown> }[] })
      .pools;
    assert.equal(listed?.options['suggestDifficulty'], 4096);
    assert.equal(listed?.options['passwordTemplate'], null);

    await page.getByRole('button', { name: `Test: ${address}` }).click();
    await page.getByRole('dialog').getByLabel('User at the pool').fill('alice');
    await page.getByRole('dialog').getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByRole('dialog').getByText('bitcoin-v1').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Remove: ${address}` }).click();
    assert.deepEqual(await barriersOf(page, '.ask'), []);
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('is not in the pool list any more').waitFor();
  });

  test('makes a token with an end, copies it, and is asked before it goes', async (t) => {
    const farm = await openFarm(t);
    const context = await openContext(farm, { permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    await page.goto(`${farm.program.web}/#/system`);
    const form = page.getByRole('form', { name: 'Make a token' });
    await form.getByLabel('Scope').selectOption('admin');
    await form.getByLabel('Expires').fill('2099-12-31');
    await form.getByRole('button', { name: 'Make a token' }).click();
    const token = (await page.locator('.made code').textContent()) ?? '';
    await page.getByRole('button', { name: 'Copy: the token' }).click();
    await page.getByText('Copied: the token.').waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), token);
    const row = page.getByRole('row', { name: /everything .* 31 Dec 2099/ });
    await row.getByRole('button', { name: /Delete/ }).click();
    await row.getByText('Whoever uses it is locked out').waitFor();
    await row.getByRole('button', { name: 'Cancel' }).click();
    await row.getByRole('button', { name: /Delete/ }).waitFor();
  });

  for (const width of [1280, 820, 760]) {
    test(`has the columns of workers below their headings at ${width} px`, async (t) => {
      const farm = await openFarm(t);
      const pool = await farm.pool({ difficulty: 1e-7 });
      const name = await farm.account(pool, 'alice');
      const miner = farm.miner(`${name}.rig1`);
      await miner.waitFor(({ accepted }) => accepted >= 1);
      const page = await openPage(farm, { viewport: { width, height: 800 }, locale: 'ru-RU' });
      for (const view of ['workers', 'accounts']) {
        await page.goto(`${farm.program.web}/#/${view}`);
        await page.getByRole('cell').first().waitFor();
        await picture(page, `${view}-${width}`);
        // As far to the right as it goes.
        await page.locator('.rows').evaluate((rows: { scrollLeft: number }) => {
          rows.scrollLeft = 10_000;
        });
        const ends: unknown = await page.evaluate(
          `[...document.querySelectorAll('.rows .head > div, .rows .space .row > div')].map((one) => ({
            right: Math.round(one.getBoundingClientRect().right), width: one.clientWidth, cut: one.scrollWidth > one.clientWidth + 1, text: one.textContent }))`,
        );
        const cells = (
          ends as readonly { right: number; width: number; cut: boolean; text: string }[]
        ).filter((cell) => cell.width > 0);
        const half = cells.length / 2;
        assert.deepEqual(
          cells.slice(0, half).map(({ right }) => right),
          cells.slice(half).map(({ right }) => right),
        );
        assert.deepEqual(
          cells.filter(({ cut }) => cut).map(({ text }) => text),
          [],
        );
        const beyond: unknown = await page.evaluate(
          "document.querySelector('.rows').scrollWidth - document.querySelector('.rows').clientWidth",
        );
        assert.equal(beyond, 0, `${view} is wider than the window`);
      }
    });
  }
});
