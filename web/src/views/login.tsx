import { useState } from 'preact/hooks';
import { ApiProblem, logIn, token } from '../api/client.ts';
import { Field, Form, Tick } from '../parts/field.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { t } from '../text/index.ts';

/** Asks for a token and tries it before it is kept. */
export function Login() {
  const [text, setText] = useState('');
  const [isKept, setIsKept] = useState(false);
  const [problem, setProblem] = useState('');
  const go = async (): Promise<void> => {
    const tried = text.trim();
    const response = await fetch('/api/v1/version', { headers: { authorization: `Bearer ${tried}` } }).catch(
      (error: unknown) => new ApiProblem(0, 'unreachable', String(error)),
    );
    if (response instanceof ApiProblem) setProblem(wordsOf(response));
    else if (response.status === 401) setProblem(t('login.wrong'));
    else logIn(tried, isKept);
  };
  return (
    <main class="login">
      <h1>{t('login.title')}</h1>
      <p>{t('login.text')}</p>
      <Form label={t('login.title')} onSend={() => void go()}>
        <Field label={t('login.token')} type="password" value={text} required autofocus onInput={setText} />
        <Tick label={t('login.keep')} value={isKept} onInput={setIsKept} />
        {(problem !== '' || token.value !== '') && (
          <p class="problem" role="alert">
            {problem || t('login.wrong')}
          </p>
        )}
        <button type="submit" class="main">
          {t('login.go')}
        </button>
      </Form>
    </main>
  );
}
