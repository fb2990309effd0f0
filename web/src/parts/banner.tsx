import { faults } from '../api/client.ts';
import { fleet } from '../state/live.ts';
import { t, tCode } from '../text/index.ts';
import { Foreign } from './foreign.tsx';

/** Above every view while the proxy cannot do all that it should: what the stream says, and what the API has refused for its own sake. */
export function Banner() {
  const now = fleet.value;
  const checks = now?.ready === false ? (now.notReady ?? []) : [];
  const reasons = [...new Set(faults.value.values())];
  if (now?.ready !== false && reasons.length === 0) return null;
  return (
    <div class="banner" role="alert">
      {now?.ready === false && (
        <p>
          <Foreign text={t('banner.notReady', { checks: checks.map(checkText).join('; ') || '–' })} />
        </p>
      )}
      {reasons.map((why) => (
        <p key={why}>
          <Foreign text={t('banner.fault', { why })} />
        </p>
      ))}
    </div>
  );
}

/** A check that does not pass, by a name of the page's language; what is wrong with it is the proxy's own words. */
function checkText(told: string): string {
  const [name = '', ...why] = told.split(': ');
  return [tCode('check', name), ...why].join(': ');
}
