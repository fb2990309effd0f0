import type { Command } from './commands.ts';
import { COMMANDS, optionsOf, usageOf } from './commands.ts';
import { CONFIG_VARIABLE } from './environment.ts';
import type { Key } from './key.ts';
import { describeAllowed } from './key.ts';
import type { NamedKey } from './schema.ts';
import { ENVIRONMENT_PREFIX, findSection, keys } from './schema.ts';
import { yamlOf } from './yaml.ts';

/** The reference page, docs/configuration.md, in Markdown. */
export function renderReference(): string {
  const all = [...keys().values()];
  const sections = [...new Set(all.map(({ section }) => section))].filter((section) => section !== '');
  const general = all.filter(({ section }) => section === '');
  return [
    INTRO,
    '## General\n',
    ...general.map(describe),
    ...sections.flatMap((section) =>
      [`## ${section}\n\n${markdown(findSection(section)?.help ?? '')}\n`].concat(
        all.filter((entry) => entry.section === section).map(describe),
      ),
    ),
  ].join('\n');
}

const INTRO = `<!-- Written from src/config/schema.ts by scripts/write-config-docs.ts: change it there. -->

# Configuration

The proxy needs no configuration: without any it listens on port 9332 for miners and on 127.0.0.1:12743 for the
REST API, and keeps its data in \`proxy.db\`.

## Where values come from

| source | \`limits.idleMs\` is written | wins over |
|---|---|---|
| flag | \`--limits.idleMs 3600000\` or \`--limits.idleMs=3600000\`; one dash does as well | all others |
| environment | \`${ENVIRONMENT_PREFIX}LIMITS_IDLE_MS=3600000\` | file, default |
| file | \`idleMs: 3600000\` under \`limits:\`, or \`limits.idleMs: 3600000\` | default |
| default | | |

- **Flags.** A boolean is set by \`--syslog\`, \`--syslog=false\` or \`--no-syslog\`. Lists are separated by commas, or the flag
  is repeated. Of another repeated flag the last counts.
- **Environment.** The name of a key in capitals, with \`_\` between its words, behind \`${ENVIRONMENT_PREFIX}\`. An empty variable counts as
  not set. The variables that Kubernetes makes for a service called \`stratum-proxy\` are left alone.
- **File.** YAML, named by \`--config\` or \`${CONFIG_VARIABLE}\`; no file is looked for otherwise.
  [stratum-proxy.example.yaml](stratum-proxy.example.yaml) has every key with its default.
- Durations are whole numbers with the unit in the name (\`…Ms\`, \`…Seconds\`), sizes are in bytes.

\`stratum-proxy check proxy.yaml\` checks a file (together with environment and flags, as a start would) and names everything that
is wrong at once, with file, line and column. \`stratum-proxy config\` prints what is in force and where each value comes from.
## Read again

\`POST /api/v1/reload\`, or SIGHUP where the program is not on a terminal, reads the file again, with the environment and the flags of the start. A configuration with a fault
changes nothing, and every fault is named. Of the others, the keys below say whether a changed value counts then or after a restart; the answer, and the log, name both kinds.
What concerns a single connection counts for those that are made from then on, and the certificate of \`tls.cert\` is read again even where its name is the same.

## Slips

Unknown keys, flags and \`${ENVIRONMENT_PREFIX}…\` variables are refused, so that a slip of the pen cannot pass for a setting:

\`\`\`
proxy.yaml:4:3: limits.handshakems: unknown key, did you mean limits.handshakeMs?
proxy.yaml:6:14: bans.threshold: must be 0 (off) or a whole number from 1 to 1000000, not "many"
\`\`\`

## Commands

\`stratum-proxy [command] [flags]\`

| command | what it does |
|---|---|
${Object.entries(COMMANDS)
  .map(([name, { words, help }]) => `| \`${usageOf(name, words)}\` | ${markdown(help)} |`)
  .join('\n')}
${Object.keys(COMMANDS)
  .map((name) => ownFlags(name as Command))
  .join('')}`;

/** A table of the flags that this command alone has; empty where there are none. */
function ownFlags(command: Command): string {
  const rows = Object.entries(optionsOf(command)).map(([name, { placeholder, help }]) => {
    const written = placeholder === null ? `--${name}` : `--${name} <${placeholder}>`;
    return `| \`${written}\` | ${markdown(help)} |\n`;
  });
  return rows.length === 0 ? '' : `\n| flag of \`${command}\` | meaning |\n|---|---|\n${rows.join('')}`;
}

function describe({ name, environment, key }: NamedKey): string {
  return `### ${name}

${markdown(key.help)}

- default \`${yamlOf(key, key.default)}\`${key.kind === 'text' && key.default === '' ? `: ${markdown(key.empty ?? '')}` : meaningOfZero(key)}
- allowed: ${markdown(describeAllowed(key))}
- environment: \`${environment}\`
- a changed value counts: ${key.isLive ? 'when the configuration is read again' : 'after a restart'}${key.original ? '\n- a flag of the original program' : ''}
`;
}

function meaningOfZero(key: Key): string {
  return key.kind === 'integer' && key.default === 0 && key.zero !== null ? ` (${key.zero})` : '';
}

/** Angle brackets would be taken for HTML, underscores and asterisks for emphasis. */
function markdown(text: string): string {
  return text.replace(/[<>_*|]/g, (character) =>
    character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`,
  );
}
