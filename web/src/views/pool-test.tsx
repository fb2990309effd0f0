import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { PoolTestView } from '../api/types.ts';
import { Act } from '../parts/act.tsx';
import { Facts, Pill } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { attempt } from '../parts/notices.tsx';
import { t, tCode } from '../text/index.ts';

/** What the test of a pool takes, as the API does. */
export interface PoolTestQuestion {
  readonly pool: string;
  readonly user?: string;
  readonly password?: string;
  readonly algorithm?: string;
  readonly tls?: boolean;
}

/** Tries a pool as mining would, and shows what came of it. Without a question it cannot be asked, and `hint` says why. */
export function PoolTestButton({
  text,
  hint = '',
  ask,
  children,
}: {
  readonly text: string;
  readonly hint?: string;
  readonly ask: PoolTestQuestion | null;
  /** What stands beside the button. */
  readonly children?: ComponentChildren;
}) {
  const [test, setTest] = useState<PoolTestView | 'asked' | null>(null);
  const go = async (body: PoolTestQuestion): Promise<void> => {
    setTest('asked');
    setTest(await attempt(() => call<PoolTestView>('POST', '/pools/test', { body })));
  };
  return (
    <div>
      <Act disabled={ask === null || test === 'asked'} onAct={() => ask !== null && void go(ask)}>
        {text}
      </Act>{' '}
      {children} {hint !== '' && <small>{hint}</small>}
      <div aria-live="polite">
        {test === 'asked' && <p class="none">{t('pool.testing')}</p>}
        {test !== null && test !== 'asked' && <TestResult of={test} />}
      </div>
    </div>
  );
}

const FACTS = [
  'algorithm',
  'dialect',
  'address',
  'connectMs',
  'loginMs',
  'firstJobMs',
  'difficulty',
  'extranonce2Bytes',
] as const;

function TestResult({ of }: { readonly of: PoolTestView }) {
  const failure = of['failure'] as { readonly step: string; readonly message: string } | null | undefined;
  const isWell = failure == null;
  return (
    <section aria-label={t('pool.tested')}>
      <h3>
        {t('pool.tested')}{' '}
        <Pill kind={isWell ? 'good' : 'bad'}>{isWell ? t('pool.up') : tCode('step', failure.step)}</Pill>
      </h3>
      {!isWell && (
        <p class="problem">
          <Foreign text={failure.message} />
        </p>
      )}
      <Facts
        of={FACTS.filter((key) => of[key] != null).map(
          (key) => [t(`pool.fact.${key}`), <Foreign key={key} text={String(of[key])} />] as const,
        )}
      />
      {of.notes.length > 0 && (
        <ul>
          {of.notes.map((note) => (
            <li key={note}>
              <Foreign text={note} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
