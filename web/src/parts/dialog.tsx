import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../text/index.ts';

/** A window over the page. The browser keeps the focus in it, closes it by Escape; what had the focus before has it after. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  onClose(): void;
  readonly children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // It is gone from the page by now, so the browser gives nothing back.
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" onClick={onClose} aria-label={t('close')}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** A question before something that cannot be undone. */
export function Confirm({
  title,
  text,
  onYes,
  onClose,
}: {
  readonly title: string;
  readonly text: string;
  onYes(): void;
  onClose(): void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <footer>
        <button type="button" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="button" class="danger" onClick={onYes}>
          {t('confirm')}
        </button>
      </footer>
    </Dialog>
  );
}
