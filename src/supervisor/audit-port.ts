import type { AuditPort } from '../http/ports/manage.ts';
import type { AuditStore } from '../store/audit-store.ts';

/** The audit log of the store as the API writes and shows it. */
export function auditPort(store: AuditStore): AuditPort {
  return {
    record: ({ who, from, action, target, change }) =>
      store.addAudit({ who, origin: from, action, target, change: JSON.stringify(change) }),

    async list({ limit, after }) {
      const records = await store.listAudit({ limit: limit + 1, after: after ?? undefined });
      const shown = records.slice(0, limit);
      return {
        entries: shown.map(({ id, atMs, who, origin, action, target, change }) => ({
          id,
          at: new Date(atMs).toISOString(),
          who,
          from: origin,
          action,
          target,
          change: JSON.parse(change) as Readonly<Record<string, unknown>>,
        })),
        next: records.length > limit ? (shown.at(-1)?.id ?? null) : null,
      };
    },
  };
}
