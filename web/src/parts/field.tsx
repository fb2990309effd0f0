import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A line of a form with its name. */
export function Field({
  label,
  value,
  onInput,
  type = 'text',
  ...rest
}: {
  readonly label: string;
  readonly value: string;
  readonly type?: 'text' | 'password' | 'search' | 'number' | 'date';
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly list?: string;
  readonly min?: number | string;
  readonly step?: 'any';
  readonly autofocus?: boolean;
  onInput(value: string): void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={value}
        // A pool's password is none of this site's, and no browser's to fill in.
        autocomplete={type === 'password' ? 'new-password' : 'off'}
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
        // The types of elements want to know beforehand which kind of input it is.
        {...({ type, ...rest } as object)}
      />
    </div>
  );
}

export function Choice({
  label,
  value,
  options,
  required = false,
  onInput,
}: {
  readonly label: string;
  readonly value: string;
  readonly required?: boolean;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  onInput(value: string): void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        required={required}
        onInput={(event) => onInput(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Tick({
  label,
  value,
  onInput,
}: {
  readonly label: string;
  readonly value: boolean;
  onInput(value: boolean): void;
}) {
  const id = useId();
  return (
    <div class="tick">
      <input
        id={id}
        type="checkbox"
        checked={value}
        onInput={(event) => onInput(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
    </div>
  );
}

/** A form that is sent by Enter as by its button. */
export function Form({
  onSend,
  children,
  label,
}: {
  readonly label: string;
  onSend(): void;
  readonly children: ComponentChildren;
}) {
  return (
    <form
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {children}
    </form>
  );
}
