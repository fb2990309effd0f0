import { type Static, Type } from 'typebox';
import { faultOf } from './check-value.ts';
import { ApiError } from './errors.ts';
import { parseJsonText } from './json-body.ts';
import type { RegisterResult } from './ports/accounts.ts';
import type { ImportedRegistration, TransferPort } from './ports/manage.ts';
import { refusalError } from './routes/user-fields.ts';
import { RegistrationBody, toRegistration } from './routes/users.ts';
import { strictObject } from './schemas.ts';

/** So many share one transaction. */
export const LINES_AT_ONCE = 50;

const Line = strictObject({
  ...RegistrationBody.properties,
  name: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{16}$', title: '16 hex digits' })),
});

export interface LineResult {
  /** Counted from 1. */
  readonly line: number;
  /** Null where it was refused. */
  readonly name: string | null;
  readonly status: 'created' | 'existing' | 'refused';
  /** Why it was refused; else empty. Holds no password. */
  readonly error: string;
}

/** Registers what the lines say, all that are good in one transaction. An empty line has no result. `before`: so many lines came before these. `by`: whoever asks for it. */
export async function importLines(
  transfer: Pick<TransferPort, 'import'>,
  lines: readonly string[],
  before: number,
  by?: string,
): Promise<readonly LineResult[]> {
  const read = lines
    .map((text, index) => ({ line: before + index + 1, text }))
    .filter(({ text }) => text.trim() !== '')
    .map(({ line, text }) => ({ line, read: readLine(text) }));
  const good = read.flatMap((one) => ('registration' in one.read ? [one.read.registration] : []));
  const outcomes = (good.length === 0 ? [] : await transfer.import(good, by)).values();
  return read.map(({ line, read: one }) => {
    if ('error' in one) return refused(line, one.error);
    const outcome = outcomes.next();
    if (outcome.done === true) throw new Error('an import gave fewer results than it had lines');
    return toResult(line, outcome.value);
  });
}

function readLine(
  text: string,
): { readonly registration: ImportedRegistration } | { readonly error: string } {
  try {
    const value = parseJsonText(text);
    const fault = faultOf(Line, value, 'line');
    if (fault !== null) return { error: fault.message };
    const { name, ...body } = value as Static<typeof Line>;
    return {
      registration: {
        ...toRegistration(body),
        ...(name === undefined ? {} : { name: name.toLowerCase() }),
      },
    };
  } catch (error) {
    if (error instanceof ApiError) return { error: error.message };
    throw error;
  }
}

function toResult(line: number, outcome: RegisterResult): LineResult {
  if (outcome.kind === 'created' || outcome.kind === 'existing')
    return { line, name: outcome.name, status: outcome.kind, error: '' };
  return refused(line, refusalError(outcome).message);
}

function refused(line: number, error: string): LineResult {
  return { line, name: null, status: 'refused', error };
}
