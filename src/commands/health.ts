import { parseListenAddress } from '../config/listen-address.ts';
import { formatEndpoint } from '../domain/endpoint.ts';
import { API_ROOT } from '../http/paths.ts';

const TIMEOUT_MS = 3000;
const EVERY_ADDRESS = ['0.0.0.0', '::', null] as const;

/**
 * `stratum-proxy health`: whether a proxy answers at `web.addr` of the configuration, asked on this machine. Needs no token.
 * `text` is one line for the operator.
 */
export async function probeHealth(
  webAddress: string,
): Promise<{ readonly isAlive: boolean; readonly text: string }> {
  const { host, port } = parseListenAddress(webAddress);
  const reachable = EVERY_ADDRESS.some((every) => every === host) ? '127.0.0.1' : (host ?? '127.0.0.1');
  const url = `http://${formatEndpoint({ host: reachable, port })}${API_ROOT}/health`;
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { isAlive: status === 200, text: status === 200 ? `${url}: alive` : `${url}: answered ${status}` };
  } catch (error) {
    return { isAlive: false, text: `${url}: ${reasonOf(error)}` };
  }
}

/** `fetch` says that it failed, and its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
