import { quoteName } from './key.ts';
import type { KeyName } from './schema.ts';
import { ENVIRONMENT_PREFIX, keys } from './schema.ts';
import type { Setting, Settings } from './setting.ts';
import { nearest } from './spelling.ts';

/** Names the file, as `--config` does. */
export const CONFIG_VARIABLE = `${ENVIRONMENT_PREFIX}CONFIG`;

/** An API token for commands that ask a running proxy. No setting: the proxy itself takes nothing from it. */
export const TOKEN_VARIABLE = `${ENVIRONMENT_PREFIX}TOKEN`;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables with our prefix. An empty variable counts as not set, since container set-ups pass
 * `NAME=${NAME:-}` for what nobody gave.
 */
export function readEnvironment(env: Environment): Settings & { readonly file: string | null } {
  const names = new Map([...keys().values()].map(({ environment, name }) => [environment, name]));
  const byKey = new Map<KeyName, Setting>();
  const problems: string[] = [];
  const doubtful = new Set<KeyName>();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    if (variable === CONFIG_VARIABLE || variable === TOKEN_VARIABLE) continue;
    const name = names.get(variable);
    if (name !== undefined) {
      if (value !== '') byKey.set(name, { raw: value, place: variable });
    } else if (!isServiceLink(variable, value)) {
      const meant = nearestVariable(variable, [CONFIG_VARIABLE, ...names.keys()]);
      const hint = meant === null ? 'all are in docs/configuration.md' : `did you mean ${meant}?`;
      problems.push(`${quoteName(variable)}: unknown variable, ${hint}`);
      const key = names.get(meant ?? '');
      if (key !== undefined) doubtful.add(key);
    }
  }
  const file = env[CONFIG_VARIABLE] ?? '';
  return { byKey, problems, doubtful, file: file === '' ? null : file };
}

/**
 * Kubernetes sets variables for every service of the namespace, named after it: a service called `stratum-proxy`
 * (or `stratum-proxy-web`) gives STRATUM_PROXY_SERVICE_HOST, STRATUM_PROXY_PORT_9332_TCP_ADDR and the like
 * [Kubernetes, "Discovering services", environment variables]. They are not ours.
 */
function isServiceLink(variable: string, value: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(variable)) return true;
  if (/_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(variable)) return true;
  return variable.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value);
}

function nearestVariable(variable: string, known: readonly string[]): string | null {
  const suffixes = known.map((name) => name.slice(ENVIRONMENT_PREFIX.length));
  const meant = nearest(variable.slice(ENVIRONMENT_PREFIX.length), suffixes, '_');
  return meant === null ? null : `${ENVIRONMENT_PREFIX}${meant}`;
}
