import type { FastifySchemaValidationError } from 'fastify';
import { ApiError, type ApiErrorCode } from './errors.ts';
import { nearest } from './nearest.ts';

/** Keywords of JSON schema whose failure means that the request itself is wrong, rather than one of its values. */
const MALFORMED = new Set(['type', 'required', 'additionalProperties']);

/**
 * Turns the first fault that the schema found into words. `part` is `body` or `querystring`. Values are never repeated,
 * since one of them may be a password.
 */
export function validationError(errors: readonly FastifySchemaValidationError[], part: string): ApiError {
  const [fault] = errors;
  if (fault === undefined) return new ApiError('invalid-request', `the ${part} is not what it should be`);
  if (fault.instancePath === '' && dataOf(fault) === null) {
    return new ApiError('malformed-json', 'the body is missing: send a JSON object');
  }
  const code: ApiErrorCode = MALFORMED.has(fault.keyword) ? 'invalid-request' : 'invalid-value';
  return new ApiError(code, describe(fault, part));
}

function describe(fault: FastifySchemaValidationError, part: string): string {
  const where = pathOf(fault.instancePath);
  const what = where === '' ? `the ${part === 'querystring' ? 'query' : part}` : `"${where}"`;
  switch (fault.keyword) {
    case 'required':
      return `the key "${joined(where, String(fault.params['missingProperty']))}" is missing`;
    case 'additionalProperties':
      return describeUnknown(fault, where);
    case 'type':
      return `${what} must be ${article(String(fault.params['type']))}, not ${typeName(dataOf(fault))}`;
    case 'minLength':
      return fault.params['limit'] === 1
        ? `${what} must not be empty`
        : `${what} must have at least ${String(fault.params['limit'])} characters`;
    case 'maxLength':
      return `${what} must have at most ${String(fault.params['limit'])} characters`;
    case 'pattern':
      return `${what} must be ${String(propertyOf(propertyOf(fault, 'parentSchema'), 'title'))}`;
    case 'enum':
      return `${what} must be one of ${listed(fault.params['allowedValues'])}`;
    default:
      return `${what} ${fault.message ?? 'is not possible'}`;
  }
}

/** Every unknown key of the object at once, each with the known one it resembles. */
function describeUnknown(fault: FastifySchemaValidationError, where: string): string {
  const properties = propertyOf(propertyOf(fault, 'parentSchema'), 'properties');
  const known = isRecord(properties) ? Object.keys(properties) : [];
  const data = dataOf(fault);
  const unknown = (isRecord(data) ? Object.keys(data) : []).filter((key) => !known.includes(key));
  const named = unknown.slice(0, 5).map((key) => {
    const guess = nearest(key, known);
    const shown = JSON.stringify(joined(where, key.slice(0, 64)));
    return guess === null ? shown : `${shown} (did you mean "${joined(where, guess)}"?)`;
  });
  const more = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : '';
  const noun = unknown.length === 1 ? 'unknown key' : 'unknown keys';
  return `${noun} ${named.join(', ')}${more}; known are ${known.map((key) => `"${key}"`).join(', ')}`;
}

/** `/backups/0/user` as people write it: `backups[0].user`. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : joined(path, step)), '');
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function article(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : article(typeof value);
}

function listed(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : String(values);
}

/** With ajv's `verbose` an error carries its value and schema. */
function dataOf(fault: FastifySchemaValidationError): unknown {
  return propertyOf(fault, 'data');
}

function propertyOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
