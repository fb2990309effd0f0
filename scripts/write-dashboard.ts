import { writeFileSync } from 'node:fs';

/** The dashboard for Grafana: `npm run dashboard` writes deploy/grafana/stratum-proxy.json from what stands here. */
const FILE = new URL('../deploy/grafana/stratum-proxy.json', import.meta.url);
/** Columns of a dashboard. */
const WIDTH = 24;

interface Query {
  readonly expr: string;
  readonly legend?: string;
}

interface Panel {
  readonly title: string;
  readonly kind: 'stat' | 'timeseries' | 'table';
  /** A unit of Grafana's. */
  readonly unit: string;
  readonly width: number;
  readonly queries: readonly Query[];
  readonly help?: string;
  readonly max?: number;
}

interface Row {
  readonly title: string;
  readonly height: number;
  readonly panels: readonly Panel[];
}

const MINE = 'account=~"$account",pool=~"$pool"';
const HERE = 'job="$job"';

const ROWS: readonly Row[] = [
  {
    title: 'Now',
    height: 4,
    panels: [
      stat('Hashrate', 'H/s', [
        { expr: 'sum by (algorithm) (algorithm:stratum_proxy_hashrate:rate5m)', legend: '{{algorithm}}' },
      ]),
      stat('Miners', 'short', [{ expr: `sum(stratum_proxy_authorized_sessions{${HERE}})` }]),
      stat('Pools up', 'short', [{ expr: `sum(proxy_pool_up{${HERE}})` }]),
      stat('Credited shares', 'percentunit', [
        {
          expr: `sum(rate(stratum_proxy_shares_total{${HERE},result=~"accepted.*"}[15m])) / sum(rate(stratum_proxy_shares_total{${HERE}}[15m]))`,
        },
      ]),
      stat('Efficiency, last hour', 'percentunit', [
        {
          expr: `sum(increase(stratum_proxy_work_at_pool_total{${HERE}}[1h])) / sum(increase(stratum_proxy_work_found_total{${HERE}}[1h]))`,
        },
      ]),
      stat('Accounts without a job', 'short', [
        { expr: `sum(stratum_proxy_accounts_in_use{${HERE}} - stratum_proxy_accounts_with_job{${HERE}})` },
      ]),
    ],
  },
  {
    title: 'Hashrate',
    height: 9,
    panels: [
      graph('By account', 'H/s', 12, [
        {
          expr: 'account:stratum_proxy_hashrate:rate5m{account=~"$account"}',
          legend: '{{account}} {{algorithm}}',
        },
      ]),
      graph('By pool', 'H/s', 12, [
        { expr: 'pool:stratum_proxy_hashrate:rate5m{pool=~"$pool"}', legend: '{{pool}} {{algorithm}}' },
      ]),
    ],
  },
  {
    title: 'Shares',
    height: 9,
    panels: [
      graph('By result', 'ops', 8, [
        { expr: `sum by (result) (rate(stratum_proxy_shares_total{${MINE}}[5m]))`, legend: '{{result}}' },
      ]),
      graph('Not credited, by pool', 'percentunit', 8, [
        { expr: 'pool:stratum_proxy_rejected:ratio15m{pool=~"$pool"}', legend: '{{pool}}' },
      ]),
      graph(
        'Efficiency, by account and pool',
        'percentunit',
        8,
        [{ expr: `account_pool:stratum_proxy_efficiency:ratio1h{${MINE}}`, legend: '{{account}} {{pool}}' }],
        'Work that the pool accepted over work found here, within the hour. Its relative error is one over the root of the number of shares at the pool.',
      ),
    ],
  },
  {
    title: 'Pools',
    height: 9,
    panels: [
      graph(
        'Up',
        'short',
        6,
        [{ expr: 'max by (pool, hash) (proxy_pool_up{pool=~"$pool"})', legend: '{{pool}} {{hash}}' }],
        undefined,
        1,
      ),
      graph('Time to the verdict', 's', 6, [
        {
          expr: 'histogram_quantile(0.5, sum by (pool, le) (rate(stratum_proxy_pool_round_trip_seconds_bucket{pool=~"$pool"}[5m])))',
          legend: '{{pool}} half',
        },
        { expr: 'pool:stratum_proxy_pool_round_trip_seconds:p99_5m{pool=~"$pool"}', legend: '{{pool}} 99 %' },
      ]),
      graph('Connections by state', 'short', 6, [
        {
          expr: 'sum by (pool, state) (stratum_proxy_upstreams{pool=~"$pool"}) > 0',
          legend: '{{pool}} {{state}}',
        },
      ]),
      graph('Jobs and failures per minute', 'short', 6, [
        {
          expr: 'sum by (pool) (rate(stratum_proxy_pool_jobs_total{pool=~"$pool"}[5m])) * 60',
          legend: '{{pool}} jobs',
        },
        {
          expr: 'sum by (pool) (rate(stratum_proxy_pool_failures_total{pool=~"$pool"}[5m])) * 60',
          legend: '{{pool}} failures',
        },
        {
          expr: 'sum by (pool) (stratum_proxy_accounts_login_refused{pool=~"$pool"})',
          legend: '{{pool}} accounts refused',
        },
      ]),
    ],
  },
  {
    title: 'Miners',
    height: 9,
    panels: [
      {
        title: 'Fastest',
        kind: 'table',
        unit: 'H/s',
        width: 12,
        queries: [{ expr: `topk(50, proxy_worker_speed{user=~"$account",pool=~"$pool"})` }],
      },
      graph('Connected, by account', 'short', 6, [
        { expr: 'account:stratum_proxy_miners:count{user=~"$account"}', legend: '{{user}}' },
      ]),
      graph('Refused and banned', 'short', 6, [
        {
          expr: `sum by (reason) (rate(stratum_proxy_connections_refused_total{${HERE}}[5m])) * 60`,
          legend: '{{reason}} per minute',
        },
        {
          expr: `sum(rate(stratum_proxy_authorize_failures_total{${HERE}}[5m])) * 60`,
          legend: 'logins refused per minute',
        },
        { expr: `sum(stratum_proxy_banned_addresses{${HERE}})`, legend: 'addresses banned' },
        { expr: `sum(stratum_proxy_quarantined_sessions{${HERE}})`, legend: 'in quarantine' },
      ]),
    ],
  },
  {
    title: 'The process',
    height: 8,
    panels: [
      graph('Processor', 'percentunit', 4, [
        { expr: `rate(process_cpu_seconds_total{${HERE}}[5m])`, legend: '{{instance}}' },
      ]),
      graph('Memory', 'bytes', 4, [
        { expr: `process_resident_memory_bytes{${HERE}}`, legend: '{{instance}} resident' },
        { expr: `nodejs_heap_size_used_bytes{${HERE}}`, legend: '{{instance}} heap' },
      ]),
      graph('Event loop delay', 's', 4, [
        { expr: `nodejs_eventloop_lag_p99_seconds{${HERE}}`, legend: '{{instance}} 99 %' },
        {
          expr: `histogram_quantile(0.99, sum by (instance, le) (rate(stratum_proxy_job_fan_out_seconds_bucket{${HERE}}[5m])))`,
          legend: '{{instance}} job to last miner, 99 %',
        },
      ]),
      graph('File descriptors used', 'percentunit', 4, [
        { expr: `process_open_fds{${HERE}} / process_max_fds{${HERE}}`, legend: '{{instance}}' },
      ]),
      graph('Disk left', 'bytes', 4, [
        { expr: `stratum_proxy_data_free_bytes{${HERE}}`, legend: '{{instance}}' },
      ]),
      graph('Bytes per second', 'Bps', 4, [
        {
          expr: `sum by (direction) (rate(stratum_proxy_bytes_total{${HERE}}[5m]))`,
          legend: '{{direction}}',
        },
      ]),
    ],
  },
];

function stat(title: string, unit: string, queries: readonly Query[]): Panel {
  return { title, kind: 'stat', unit, width: 4, queries };
}

function graph(
  title: string,
  unit: string,
  width: number,
  queries: readonly Query[],
  help?: string,
  max?: number,
): Panel {
  return {
    title,
    kind: 'timeseries',
    unit,
    width,
    queries,
    ...(help === undefined ? {} : { help }),
    ...(max === undefined ? {} : { max }),
  };
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

function panelJson(panel: Panel, id: number, place: { x: number; y: number; h: number }): object {
  const isTable = panel.kind === 'table';
  return {
    id,
    title: panel.title,
    description: panel.help ?? '',
    type: panel.kind,
    datasource: DATASOURCE,
    gridPos: { ...place, w: panel.width },
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        min: 0,
        ...(panel.max === undefined ? {} : { max: panel.max }),
        ...(panel.kind === 'timeseries' ? { custom: { fillOpacity: 10, showPoints: 'never' } } : {}),
      },
      overrides: [],
    },
    options:
      panel.kind === 'timeseries'
        ? { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }
        : panel.kind === 'stat'
          ? { reduceOptions: { calcs: ['lastNotNull'] }, textMode: 'auto' }
          : { showHeader: true, sortBy: [{ displayName: 'Value', desc: true }] },
    ...(isTable
      ? {
          transformations: [
            {
              id: 'organize',
              options: {
                excludeByName: { Time: true, __name__: true, instance: true, job: true, proxy: true },
              },
            },
          ],
        }
      : {}),
    targets: panel.queries.map(({ expr, legend = '' }, at) => ({
      refId: String.fromCodePoint('A'.charCodeAt(0) + at),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(isTable ? { format: 'table', instant: true } : {}),
    })),
  };
}

function rowsJson(): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, height, panels: inRow } of ROWS) {
    panels.push({
      id: panels.length + 1,
      title,
      type: 'row',
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of inRow) {
      panels.push(panelJson(panel, panels.length + 1, { x, y, h: height }));
      x += panel.width;
    }
    if (x !== WIDTH) throw new Error(`row ${title} is ${x} wide`);
    y += height;
  }
  return panels;
}

function variable(name: string, label: string, query: string, isMany: boolean): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: isMany,
    includeAll: isMany,
    ...(isMany ? { allValue: '.*', current: { text: 'All', value: '$__all' } } : {}),
  };
}

/** The dashboard as Grafana reads it. */
export function dashboard(): object {
  return {
    uid: 'stratum-proxy',
    title: 'Stratum proxy',
    tags: ['mining'],
    timezone: 'browser',
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        variable('job', 'Job', 'label_values(stratum_proxy_build_info, job)', false),
        variable('account', 'Account', 'label_values(stratum_proxy_shares_received_total, account)', true),
        variable('pool', 'Pool', 'label_values(stratum_proxy_pool_sessions, pool)', true),
      ],
    },
    annotations: {
      list: [
        {
          name: 'Alerts',
          datasource: DATASOURCE,
          enable: true,
          iconColor: 'red',
          expr: 'ALERTS{alertstate="firing",alertname=~"StratumProxy.*"}',
          titleFormat: '{{alertname}}',
          textFormat: '{{pool}}{{account}}{{user}}',
        },
      ],
    },
    panels: rowsJson(),
  };
}

if (import.meta.main) writeFileSync(FILE, `${JSON.stringify(dashboard(), null, 2)}\n`);
