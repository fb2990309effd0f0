import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { mayChange } from '../state/who.ts';
import { t } from '../text/index.ts';

interface ActProps {
  readonly children: ComponentChildren;
  readonly kind?: 'main' | 'danger' | 'plain' | undefined;
  readonly name?: string | undefined;
  readonly disabled?: boolean | undefined;
}

/** A button that changes something: held back, and why, where the token of the page may not. */
export function Act({
  children,
  kind,
  name,
  disabled,
  isSubmit = false,
  onAct,
}: ActProps & { readonly isSubmit?: boolean; onAct?(): void }) {
  const may = mayChange();
  return (
    <button
      type={isSubmit ? 'submit' : 'button'}
      class={kind ?? ''}
      aria-label={name}
      disabled={disabled === true || !may}
      title={may ? undefined : t('readOnly')}
      onClick={onAct}
    >
      {children}
    </button>
  );
}

/**
 * A button that asks before it does: the question takes its place, with the focus on the way back; Escape goes it too, and the
 * button has the focus again. `question` may have to be asked for first.
 */
export function ActAfterAsking({
  children,
  kind,
  name,
  disabled,
  question,
  yes,
  onAct,
}: ActProps & {
  readonly question: string | (() => Promise<string>);
  readonly yes: string;
  onAct(): void;
}) {
  const [asked, setAsked] = useState<string | null>(null);
  const opener = useRef<HTMLSpanElement>(null);
  const back = useRef<HTMLButtonElement>(null);
  const wasAsked = useRef(false);
  const id = useId();
  useLayoutEffect(() => {
    if (asked !== null) back.current?.focus();
    else if (wasAsked.current) opener.current?.querySelector('button')?.focus();
    wasAsked.current = asked !== null;
  }, [asked]);
  const ask = async (): Promise<void> => setAsked(typeof question === 'string' ? question : await question());
  if (asked === null) {
    return (
      <span ref={opener}>
        <Act kind={kind} name={name} disabled={disabled} onAct={() => void ask()}>
          {children}
        </Act>
      </span>
    );
  }
  return (
    <span
      class="ask"
      role="group"
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setAsked(null);
      }}
    >
      <span id={id}>{asked}</span>{' '}
      <button
        type="button"
        class="danger"
        onClick={() => {
          setAsked(null);
          onAct();
        }}
      >
        {yes}
      </button>{' '}
      <button type="button" ref={back} onClick={() => setAsked(null)}>
        {t('cancel')}
      </button>
    </span>
  );
}
