import { call } from '../api/client.ts';
import type { ServerFacts } from '../api/types.ts';
import { bytesText } from '../format/figures.ts';
import { Act } from '../parts/act.tsx';
import { Facts, millisText } from '../parts/bits.tsx';
import { attempt, say, wordsOf } from '../parts/notices.tsx';
import { Preferences } from '../parts/preferences.tsx';
import { useRead } from '../state/use-read.ts';
import { t, timeText } from '../text/index.ts';
import { Audit } from './audit.tsx';
import { Bans } from './bans.tsx';
import { Tokens } from './tokens.tsx';

/** The proxy itself: its state, who is kept out, who may in, and what was changed. */
export function System() {
  return (
    <>
      <h1>{t('system')}</h1>
      <div class="phone">
        <Preferences />
      </div>
      <Server />
      <Bans />
      <Tokens />
      <Audit />
    </>
  );
}

function Server() {
  const { data, problem } = useRead<ServerFacts>('/server', {}, { everyMs: 5000 });
  return (
    <section aria-label={t('system.facts')}>
      <header class="bar">
        <h2>{t('system.facts')}</h2>
        <Act onAct={() => void reload()}>{t('system.reload')}</Act>
      </header>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {data !== null && (
        <Facts
          of={[
            [t('system.version'), `${data.version}, Node ${data.node}`],
            [t('system.uptime'), timeText(data.uptimeSeconds)],
            [t('system.stratum'), `${data.stratum.address}:${data.stratum.port}`],
            [t('fleet.sessions'), data.sessions],
            [t('system.upstreams'), data.upstreams],
            [t('system.memory'), bytesText(data.memory.rssBytes)],
            [t('system.files'), `${data.openFiles.used ?? '–'} / ${data.openFiles.limit ?? '–'}`],
            [t('system.delay'), millisText(data.eventLoopDelaySeconds.p99)],
            [
              t('system.refused'),
              Object.entries(data.connectionsRefused)
                .map(([reason, count]) => `${reason} ${count}`)
                .join(', ') || t('system.none'),
            ],
          ]}
        />
      )}
    </section>
  );
}

/** Has the settings read again, and says what has changed. */
async function reload(): Promise<void> {
  const answer = await attempt(() =>
    call<{ readonly changed: readonly string[]; readonly needsRestart: readonly string[] }>(
      'POST',
      '/reload',
      {
        body: {},
      },
    ),
  );
  if (answer === null) return;
  say(t('system.reloaded', { changed: listed(answer.changed), restart: listed(answer.needsRestart) }));
}

function listed(keys: readonly string[]): string {
  return keys.length === 0 ? t('system.none') : keys.join(', ');
}
