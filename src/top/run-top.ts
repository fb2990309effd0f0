import type { ReadStream, WriteStream } from 'node:tty';
import { ApiClient, PATHS } from './api-client.ts';
import { Live } from './live.ts';
import type { TopOptions } from './options.ts';
import { readEvents, readFleet, readPools, readServer, readWorkers } from './read-json.ts';
import { renderOnce } from './render.ts';
import { takeSnapshot } from './snapshot.ts';
import { initialState, withEvents } from './state.ts';
import { createStyle, wantsAscii, wantsColour } from './style.ts';
import { Terminal } from './terminal.ts';

export interface TopProcess {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
}

/** Where the output is no terminal nobody knows its width: so many columns show every name whole. */
const FILE_WIDTH = 160;

/** `stratum-proxy top`. Resolves when it is over; rejects with an `ApiClientError` where the proxy cannot be asked at the start. */
export async function runTop(
  options: TopOptions,
  { stdin, stdout, env, platform }: TopProcess,
): Promise<void> {
  const client = new ApiClient(options);
  const isTerminal = stdout.isTTY && env['TERM'] !== 'dumb';
  const style = createStyle({
    hasColour: wantsColour(env, stdout.isTTY),
    isAscii: options.isAscii || wantsAscii(env, platform),
  });
  const source = client.url.replace(/^http:\/\//, '');
  const state = initialState({ source, sort: options.sort, filter: options.filter });
  if (isTerminal && !options.isOnce) {
    // Before the screen is taken: what is wrong with address or token belongs where it can be read afterwards.
    await client.get(PATHS.server);
    await new Live({ client, terminal: new Terminal(stdin, stdout), style }, state, options.everyMs).run();
    return;
  }
  const snapshot = await takeSnapshot(client, options);
  if (options.isJson) {
    await write(stdout, `${JSON.stringify(snapshot, null, 2)}\n`);
    return;
  }
  const filled = {
    ...state,
    ...readServer(snapshot.server),
    fleet: readFleet(snapshot.fleet),
    pools: readPools(snapshot),
    workers: readWorkers(snapshot, 0),
  };
  const width = stdout.isTTY && stdout.columns > 0 ? stdout.columns : FILE_WIDTH;
  const lines = renderOnce(withEvents(filled, readEvents(snapshot)), { width, style, nowMs: Date.now() });
  await write(stdout, `${lines.join('\n')}\n`);
}

/** A reader that has had enough (`| head`) is no fault. */
async function write(stdout: WriteStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE') resolve();
      else reject(error);
    };
    stdout.on('error', onError);
    stdout.write(text, () => resolve());
  });
}
