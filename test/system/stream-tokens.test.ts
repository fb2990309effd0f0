import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStream } from '../support/event-stream.ts';
import { Program, runToEnd } from '../support/program.ts';

type Json = Readonly<Record<string, unknown>>;

/** What there is to the cutting of a stream: it is looked after every second, the data file every five. */
const AT_ONCE_MS = 2500;
const FROM_THE_FILE_MS = 9000;

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

test('a stream ends with its token: deleted over the API, from the command line, or expired', async () => {
  await using program = await Program.start();
  async function addToken(
    admin: string,
    more: Json,
  ): Promise<{ readonly id: number; readonly token: string }> {
    const given = { scope: 'read', ...more };
    const { status, text, json } = await program.post(
      '/api/v1/tokens',
      given,
      admin === '' ? {} : bearer(admin),
    );
    assert.equal(status, 201, text);
    return json as { readonly id: number; readonly token: string };
  }
  const admin = (await addToken('', { scope: 'admin' })).token;
  const [byApi, byCommand, kept] = [
    await addToken(admin, {}),
    await addToken(admin, {}),
    await addToken(admin, {}),
  ];
  const expiresAtMs = Date.now() + 4000;
  const expiring = await addToken(admin, { expiresAt: new Date(expiresAtMs).toISOString() });

  const open = async (token: string): Promise<EventStream> => {
    const stream = await EventStream.open(`${program.web}/api/v1/stream`, bearer(token));
    assert.equal(stream.status, 200);
    return stream;
  };
  await using apiStream = await open(byApi.token);
  await using commandStream = await open(byCommand.token);
  await using expiringStream = await open(expiring.token);
  await using keptStream = await open(kept.token);

  const deleted = await program.request('DELETE', `/api/v1/tokens/${byApi.id}`, { headers: bearer(admin) });
  assert.equal(deleted.status, 200, deleted.text);
  await apiStream.until(() => apiStream.hasEnded, AT_ONCE_MS);
  assert.equal((await program.get('/api/v1/stream', bearer(byApi.token))).status, 401);

  await expiringStream.until(() => expiringStream.hasEnded, expiresAtMs - Date.now() + AT_ONCE_MS);
  assert.ok(Date.now() >= expiresAtMs, 'not before its time');
  assert.equal((await program.get('/api/v1/stream', bearer(expiring.token))).status, 401);

  assert.equal(commandStream.hasEnded, false);
  const removed = await runToEnd(['token', 'remove', String(byCommand.id), '--db.path', program.dataFile]);
  assert.equal(removed.code, 0, removed.stderr);
  await commandStream.until(() => commandStream.hasEnded, FROM_THE_FILE_MS);

  const seen = keptStream.messages.length;
  await keptStream.until(() => keptStream.messages.length > seen + 1);
  assert.equal(keptStream.hasEnded, false);
});
