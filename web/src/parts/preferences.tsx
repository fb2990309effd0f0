import { logOut, token } from '../api/client.ts';
import { streamState } from '../state/live.ts';
import { language, THEMES, theme } from '../state/preferences.ts';
import { mayChange } from '../state/who.ts';
import { LANGUAGES, nameOfLanguage, t } from '../text/index.ts';
import { Pill } from './bits.tsx';
import { Choice } from './field.tsx';

/** How the page is connected, and what is chosen for it. */
export function Preferences() {
  const state = streamState.value;
  return (
    <>
      <p role="status">
        <Pill kind={state === 'live' ? 'good' : 'warn'}>{t(`live.${state}`)}</Pill>
      </p>
      {!mayChange() && <p class="none">{t('readOnly')}</p>}
      <Choice
        label={t('language')}
        value={language.value}
        options={LANGUAGES.map((value) => ({ value, text: nameOfLanguage(value) }))}
        onInput={(value) => {
          language.value = LANGUAGES.find((one) => one === value) ?? 'en';
        }}
      />
      <Choice
        label={t('theme')}
        value={theme.value}
        options={THEMES.map((value) => ({ value, text: t(`theme.${value}`) }))}
        onInput={(value) => {
          theme.value = THEMES.find((one) => one === value) ?? 'auto';
        }}
      />
      {token.value !== '' && (
        <button type="button" onClick={logOut}>
          {t('logout')}
        </button>
      )}
    </>
  );
}
