import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Act } from '../parts/act.tsx';
import { Choice, Field, Form, Tick } from '../parts/field.tsx';
import { attempt, say } from '../parts/notices.tsx';
import { algorithms } from '../state/algorithms.ts';
import { t } from '../text/index.ts';
import { PoolTestButton } from './pool-test.tsx';

/** Tries a pool, and adds it to the list. */
export function AddPool({ onAdded }: { onAdded(): void }) {
  const [pool, setPool] = useState('');
  const [algorithm, setAlgorithm] = useState('auto');
  const [tls, setTls] = useState(false);
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [label, setLabel] = useState('');

  const login = user === '' ? {} : { user, password };
  const named = algorithm === 'auto' ? {} : { algorithm };
  const add = async (): Promise<void> => {
    const asked = algorithm === 'auto' ? login : {};
    const body = { pool, algorithm, tls, label, ...asked };
    if ((await attempt(() => call('POST', '/pools', { body }))) === null) return;
    say(t('pool.added', { pool }));
    setPool('');
    onAdded();
  };
  return (
    <Form label={t('pools.add')} onSend={() => void add()}>
      <div class="filters">
        <Field
          label={t('pool.address')}
          value={pool}
          placeholder={t('pool.addressText')}
          required
          onInput={setPool}
        />
        <Choice
          label={t('algorithm')}
          value={algorithm}
          options={[
            { value: 'auto', text: t('pool.auto') },
            ...algorithms.value.map(({ name }) => ({ value: name, text: name })),
          ]}
          onInput={setAlgorithm}
        />
        <Field label={t('account.user')} value={user} onInput={setUser} />
        <Field label={t('account.password')} type="password" value={password} onInput={setPassword} />
        <Field label={t('pool.note')} value={label} onInput={setLabel} />
        <Tick label={t('pool.tls')} value={tls} onInput={setTls} />
      </div>
      <PoolTestButton text={t('pool.test')} ask={pool === '' ? null : { pool, tls, ...login, ...named }}>
        <Act isSubmit kind="main">
          {t('pool.add')}
        </Act>
      </PoolTestButton>
    </Form>
  );
}
