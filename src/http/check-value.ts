import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { ApiError } from './errors.ts';
import { validationError } from './validation.ts';

/** What is wrong with a value that came by another way than as the body of a request; null where it fits. The words are those for a body, which is called `part` here. */
export function faultOf(schema: TSchema, value: unknown, part: string): ApiError | null {
  // `additionalProperties: false` is reported twice: as the schema `false` of the key, and as a rule of the object.
  const fault = Value.Errors(schema, value).find(({ keyword }) => keyword !== 'boolean');
  if (fault === undefined) return null;
  const { keyword, instancePath, schemaPath, message } = fault;
  const params: Record<string, unknown> = { ...fault.params };
  const missing = params['requiredProperties'];
  if (Array.isArray(missing)) params['missingProperty'] = missing[0];
  return validationError(
    [
      Object.assign(
        { keyword, instancePath, schemaPath, message, params },
        { data: at(value, instancePath), parentSchema: at(schema, schemaPath.slice(1)) },
      ),
    ],
    part,
  );
}

/** What a JSON pointer leads to; undefined where it leads nowhere. */
function at(value: unknown, pointer: string): unknown {
  let here = value;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return here;
}
