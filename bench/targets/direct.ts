import type { TargetKind } from './target.ts';

/** Miners on the pool itself: what generator and pool cost and delay without anything between them. */
export const direct: TargetKind = {
  name: 'direct',
  label: 'direct',
  filesPerMiner: 1,
  unavailable: () => null,
  start: async (_environment, { poolPort }) => ({
    kind: direct,
    host: '127.0.0.1',
    port: poolPort,
    pid: null,
    metricsUrl: null,
    enrol: async (count) => Array.from({ length: count }, (_, index) => `bench${index}`),
    stop: async () => undefined,
  }),
};
