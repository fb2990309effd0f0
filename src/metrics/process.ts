import type { MetricFamily } from './exposition.ts';
import { type EventLoopFacts, GC_KINDS, type HeapSpaceFacts, type ProcessFacts } from './process-monitor.ts';
import type { Scrape } from './scrape.ts';

/** A family of one sample without labels, left out where the system does not tell. */
function single(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  valueOf: (facts: ProcessFacts) => number | null,
): MetricFamily<Scrape> {
  return {
    name,
    type,
    help,
    labels: [],
    collect(scrape, out) {
      const value = valueOf(scrape.process);
      if (value !== null) out.sample(value);
    },
  };
}

function eventLoop(
  suffix: string,
  help: string,
  valueOf: (facts: EventLoopFacts) => number,
): MetricFamily<Scrape> {
  return single(`nodejs_eventloop_lag_${suffix}_seconds`, 'gauge', help, (facts) =>
    facts.eventLoop === null ? null : valueOf(facts.eventLoop),
  );
}

function heapSpace(
  what: 'total' | 'used' | 'available',
  valueOf: (space: HeapSpaceFacts) => number,
): MetricFamily<Scrape> {
  return {
    name: `nodejs_heap_space_size_${what}_bytes`,
    type: 'gauge',
    help: `Process heap space size ${what} from Node.js in bytes.`,
    labels: ['space'],
    collect(scrape, out) {
      for (const space of scrape.process.heapSpaces) out.sample(valueOf(space), space.space);
    },
  };
}

/**
 * The process, under the names that Prometheus clients share and prom-client added for Node, so that the usual
 * dashboards work. Left out: its lists of active handles, requests and resources, whose cost grows with every socket.
 */
export const processFamilies: readonly MetricFamily<Scrape>[] = [
  single(
    'stratum_proxy_data_free_bytes',
    'gauge',
    'Space left on the disk of the data file.',
    (facts) => facts.dataFreeBytes,
  ),
  single(
    'stratum_proxy_data_disk_bytes',
    'gauge',
    'Size of the disk of the data file.',
    (facts) => facts.dataDiskBytes,
  ),
  single(
    'process_cpu_user_seconds_total',
    'counter',
    'Total user CPU time spent in seconds.',
    (facts) => facts.cpuUserSeconds,
  ),
  single(
    'process_cpu_system_seconds_total',
    'counter',
    'Total system CPU time spent in seconds.',
    (facts) => facts.cpuSystemSeconds,
  ),
  single(
    'process_cpu_seconds_total',
    'counter',
    'Total user and system CPU time spent in seconds.',
    (facts) => facts.cpuUserSeconds + facts.cpuSystemSeconds,
  ),
  single(
    'process_start_time_seconds',
    'gauge',
    'Start time of the process since unix epoch in seconds.',
    (facts) => facts.startTimeSeconds,
  ),
  single(
    'process_resident_memory_bytes',
    'gauge',
    'Resident memory size in bytes.',
    (facts) => facts.residentBytes,
  ),
  single(
    'process_virtual_memory_bytes',
    'gauge',
    'Virtual memory size in bytes.',
    (facts) => facts.virtualBytes,
  ),
  single('process_heap_bytes', 'gauge', 'Process heap size in bytes.', (facts) => facts.dataBytes),
  single('process_open_fds', 'gauge', 'Number of open file descriptors.', (facts) => facts.openFds),
  single('process_max_fds', 'gauge', 'Maximum number of open file descriptors.', (facts) => facts.maxFds),
  single(
    'nodejs_eventloop_lag_seconds',
    'gauge',
    'Lag of event loop in seconds, measured by this scrape.',
    (facts) => facts.eventLoopLagSeconds,
  ),
  eventLoop('min', 'Least event loop delay since the previous scrape.', (delay) => delay.min),
  eventLoop('max', 'Greatest event loop delay since the previous scrape.', (delay) => delay.max),
  eventLoop('mean', 'Mean event loop delay since the previous scrape.', (delay) => delay.mean),
  eventLoop(
    'stddev',
    'Standard deviation of the event loop delays since the previous scrape.',
    (delay) => delay.stddev,
  ),
  eventLoop(
    'p50',
    '50th percentile of the event loop delays since the previous scrape.',
    (delay) => delay.p50,
  ),
  eventLoop(
    'p90',
    '90th percentile of the event loop delays since the previous scrape.',
    (delay) => delay.p90,
  ),
  eventLoop(
    'p99',
    '99th percentile of the event loop delays since the previous scrape.',
    (delay) => delay.p99,
  ),
  single(
    'nodejs_heap_size_total_bytes',
    'gauge',
    'Process heap size from Node.js in bytes.',
    (facts) => facts.heapTotalBytes,
  ),
  single(
    'nodejs_heap_size_used_bytes',
    'gauge',
    'Process heap size used from Node.js in bytes.',
    (facts) => facts.heapUsedBytes,
  ),
  single(
    'nodejs_external_memory_bytes',
    'gauge',
    'Node.js external memory size in bytes.',
    (facts) => facts.externalBytes,
  ),
  heapSpace('total', (space) => space.totalBytes),
  heapSpace('used', (space) => space.usedBytes),
  heapSpace('available', (space) => space.availableBytes),
  {
    name: 'nodejs_version_info',
    type: 'gauge',
    help: 'Node.js version info.',
    labels: ['version', 'major', 'minor', 'patch'],
    collect(scrape, out) {
      const { nodeVersion } = scrape.process;
      const [major = '', minor = '', patch = ''] = nodeVersion.replace(/^v/, '').split('.');
      out.sample(1, nodeVersion, major, minor, patch);
    },
  },
  {
    name: 'nodejs_gc_duration_seconds',
    type: 'histogram',
    help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    labels: ['kind'],
    collect(scrape, out) {
      for (const kind of GC_KINDS) out.histogram(scrape.process.gc[kind], kind);
    },
  },
];
