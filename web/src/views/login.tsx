import { useState } from 'preact/hooks';
import { ApiProblem, logIn, token } from '../api/client.ts';
import { Field, Form, Tick } from '../parts/field.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { noteScope, scope, scopeOf } from '../state/who.ts';
import { t } from '../text/index.ts';

/** Asks for a token and tries it before it is kept. */
export function Login() {
  const [text, setText] = useState('');
  const [isKept, setIsKept] = useState(false);
  const [problem, setProblem] = useState('');
  const go = async (): Promise<void> => {
    const tried = text.trim();
    try {
      const found = await scopeOf(tried);
      if (found === 'register') {
        setProblem(t('login.register'));
        return;
      }
      noteScope(tried, found);
      logIn(tried, isKept);
    } catch (error) {
      setProblem(reasonOf(error));
    }
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
            {problem || t(scope.value === 'register' ? 'login.register' : 'login.wrong')}
          </p>
        )}
        <button type="submit" class="main">
          {t('login.go')}
        </button>
      </Form>
    </main>
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ApiProblem)) return String(error);
  if (error.status === 401) return t('login.wrong');
  return error.status === 429 ? t('login.busy') : wordsOf(error);
}
