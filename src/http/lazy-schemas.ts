import ajvCompiler, { type BuildCompilerFromPool, type ErrorObject } from '@fastify/ajv-compiler';
import serializerSelector, { type SerializerFactory } from '@fastify/fast-json-stringify-compiler';

/** How requests are held against their schemas. By default unknown keys would vanish and wrong types be bent into shape. */
export const AJV = {
  customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false, verbose: true },
} as const;

/** All of a validator that Fastify uses. */
interface LazyValidator {
  (data: unknown): boolean;
  errors?: ErrorObject[] | null;
}

/**
 * Fastify's own compilers of validators and serializers, each route's put off until its first request: a start takes a quarter of a second less,
 * and most routes are never called. That every schema can be compiled is shown by a test.
 */
export function lazySchemas(): { buildValidator: BuildCompilerFromPool; buildSerializer: SerializerFactory } {
  const buildValidator = ajvCompiler();
  const buildSerializer = serializerSelector();
  return {
    buildValidator: (externalSchemas, options) => {
      const compile = once(() => buildValidator(externalSchemas, options));
      return (schema, meta) => {
        const compiled = once(() => compile()(schema, meta));
        const validate: LazyValidator = (data) => {
          const validator = compiled();
          const isValid = validator(data) === true;
          // Fastify reads the faults here right after the call.
          validate.errors = validator.errors ?? null;
          return isValid;
        };
        return validate as ReturnType<ReturnType<BuildCompilerFromPool>>;
      };
    },
    buildSerializer: (externalSchemas, options) => {
      const compile = once(() => buildSerializer(externalSchemas, options));
      return (route) => {
        const compiled = once(() => compile()(route));
        return (document) => compiled()(document);
      };
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
