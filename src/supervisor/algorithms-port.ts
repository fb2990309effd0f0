import type { AlgorithmsPort } from '../http/ports/algorithms.ts';
import type { Store } from '../store/store.ts';

export interface AlgorithmsPortOptions {
  /** Every dialect that is spoken. */
  readonly dialects: readonly string[];
}

/** `onChange` is told when the list of algorithms has changed. */
export function algorithmsPort(
  store: Store,
  onChange: () => Promise<void>,
  { dialects }: AlgorithmsPortOptions,
): AlgorithmsPort {
  const unspoken = (given: readonly string[]) => {
    const dialect = given.find((one) => !dialects.includes(one));
    return dialect === undefined ? null : ({ kind: 'unknown-dialect', dialect, known: dialects } as const);
  };
  return {
    list: () => store.listAlgorithms(),

    async add(addition) {
      const refusal = unspoken(addition.dialects);
      if (refusal !== null) return refusal;
      const result = await store.addAlgorithm(addition);
      if (result.kind === 'created') await onChange();
      return result;
    },

    async update(name, change) {
      const before = await store.findAlgorithm(name);
      if (before === null) return { kind: 'not-found', known: await namesOf(store) };
      // What the catalogue lists may be spoken by a later version only.
      const added = (change.dialects ?? []).filter((dialect) => !before.dialects.includes(dialect));
      const refusal = unspoken(added);
      if (refusal !== null) return refusal;
      const result = await store.updateAlgorithm(name, change);
      if (result.kind === 'not-found') return { kind: 'not-found', known: await namesOf(store) };
      if (result.kind === 'updated') await onChange();
      return result;
    },

    async delete(name) {
      const result = await store.deleteAlgorithm(name);
      if (result.kind === 'not-found') return { kind: 'not-found', known: await namesOf(store) };
      if (result.kind === 'deleted') await onChange();
      return result;
    },
  };
}

/** What the algorithms of the list are called. */
export async function namesOf(store: Store): Promise<readonly string[]> {
  return (await store.listAlgorithms()).map(({ name }) => name);
}
