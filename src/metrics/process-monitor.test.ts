import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { maxFdsOf, type ProcessFacts, ProcessMonitor } from './process-monitor.ts';

/** Reads until `holds`, since the event-loop sampler and the GC observer report in their own time. */
async function readUntil(
  monitor: ProcessMonitor,
  holds: (facts: ProcessFacts) => boolean,
): Promise<ProcessFacts> {
  const deadline = performance.now() + 4000;
  for (;;) {
    if (performance.now() > deadline) assert.fail('it was not seen');
    const facts = await monitor.read();
    if (holds(facts)) return facts;
    await setTimeout(5);
  }
}

describe('ProcessMonitor', () => {
  test('tells memory, CPU, start and version of this very process', async (t) => {
    const monitor = new ProcessMonitor();
    t.after(() => monitor.stop());
    const facts = await monitor.read();
    assert.ok(facts.residentBytes > 10e6);
    assert.ok(facts.heapUsedBytes > 1e6 && facts.heapUsedBytes <= facts.heapTotalBytes);
    assert.ok(facts.cpuUserSeconds > 0 && facts.cpuUserSeconds <= process.uptime() * 64);
    assert.ok(Math.abs(facts.startTimeSeconds - (Date.now() / 1000 - process.uptime())) < 3);
    assert.equal(facts.nodeVersion, process.version);
    assert.ok(facts.heapSpaces.some((space) => space.space === 'old' && space.totalBytes > 0));
    assert.ok(facts.eventLoopLagSeconds >= 0 && facts.eventLoopLagSeconds < 5);
  });

  test('tells the space of the disk that the data file is on, and nothing without one', async (t) => {
    for (const [folder, isKnown] of [
      [tmpdir(), true],
      [join(tmpdir(), 'there', 'is', 'none'), false],
      [null, false],
    ] as const) {
      const monitor = new ProcessMonitor(folder);
      t.after(() => monitor.stop());
      const { dataFreeBytes, dataDiskBytes } = await monitor.read();
      assert.equal(dataFreeBytes !== null && dataDiskBytes !== null, isKnown, String(folder));
      if (isKnown) assert.ok((dataFreeBytes ?? -1) >= 0 && (dataFreeBytes ?? 0) < (dataDiskBytes ?? 0));
    }
  });

  test('counts file descriptors where the system lists them', {
    skip: !existsSync('/proc/self/fd'),
  }, async (t) => {
    const monitor = new ProcessMonitor();
    t.after(() => monitor.stop());
    const before = await monitor.read();
    const opened = Array.from({ length: 40 }, () => openSync('/dev/null', 'r'));
    const after = await monitor.read();
    for (const fd of opened) closeSync(fd);
    assert.ok(before.openFds !== null && after.openFds !== null);
    const grown = after.openFds - before.openFds;
    assert.ok(grown >= 35 && grown <= 45, `${grown} more`);
    assert.ok(after.maxFds !== null && after.maxFds > after.openFds);
    assert.ok(after.virtualBytes !== null && after.virtualBytes > after.residentBytes);
    assert.ok(after.dataBytes !== null && after.dataBytes > 0);
  });

  test('sees a blocked event loop, and forgets it with the next reading', async (t) => {
    const monitor = new ProcessMonitor();
    t.after(() => monitor.stop());
    await readUntil(monitor, (facts) => facts.eventLoop !== null);
    await setTimeout(25);
    const until = performance.now() + 120;
    while (performance.now() < until);
    const blocked = await readUntil(monitor, (facts) => (facts.eventLoop?.max ?? 0) > 0.08);
    assert.ok(blocked.eventLoop !== null && blocked.eventLoop.max < 60);
    assert.ok(blocked.eventLoop.p50 <= blocked.eventLoop.p99);
    const calm = await readUntil(monitor, (facts) => facts.eventLoop !== null);
    assert.ok(calm.eventLoop !== null && calm.eventLoop.min >= 0);
  });

  test('counts garbage collections by kind', async (t) => {
    const monitor = new ProcessMonitor();
    t.after(() => monitor.stop());
    let kept: unknown[] = [];
    const facts = await readUntil(monitor, (read) => {
      kept = Array.from({ length: 200_000 }, (_, at) => ({ at }));
      return read.gc.minor.count > 0;
    });
    assert.equal(kept.length, 200_000);
    const { minor } = facts.gc;
    assert.ok(minor.sum > 0);
    assert.ok(minor.cumulative.every((count, at) => count >= (minor.cumulative[at - 1] ?? 0)));
    assert.ok((minor.cumulative.at(-1) ?? 0) <= minor.count);
  });
});

describe('maxFdsOf', () => {
  const head = 'Limit                     Soft Limit           Hard Limit           Units     \n';
  test('reads the soft limit', () => {
    assert.equal(
      maxFdsOf(`${head}Max open files            1024                 524288               files     \n`),
      1024,
    );
  });
  test('unlimited is infinity', () => {
    assert.equal(
      maxFdsOf(`${head}Max open files            unlimited            unlimited            files     \n`),
      Number.POSITIVE_INFINITY,
    );
  });
  test('null without the line', () => assert.equal(maxFdsOf(head), null));
});
