import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from './commands.ts';
import { COMMANDS, optionsOf } from './commands.ts';
import { renderHelp } from './help.ts';
import { keys } from './schema.ts';

describe('renderHelp', () => {
  test('has every key and command once, with its default', () => {
    const flags =
      renderHelp(100)
        .match(/^ {2}--[\w.-]+/gm)
        ?.map((flag) => flag.trim().slice(2)) ?? [];
    const own = Object.keys(COMMANDS).flatMap((command) => Object.keys(optionsOf(command as Command)));
    assert.deepEqual(flags.toSorted(), [...keys().keys(), 'config', ...own].toSorted());
    for (const command of Object.keys(COMMANDS))
      assert.match(renderHelp(100), new RegExp(`^  ${command}\\b`, 'm'));
    const text = renderHelp(120).replace(/\s+/g, ' ');
    for (const { name, key } of keys().values()) {
      const from = text.indexOf(`--${name} `);
      const end = text.indexOf(' --', from + 1);
      assert.match(text.slice(from, end < 0 ? undefined : end), /\(.*default .+\)/, name);
      assert.ok(text.includes(key.help), name);
    }
  });

  test('begins with the flags of the original program', () => {
    const flags =
      renderHelp(80)
        .match(/^ {2}--[\w.]+/gm)
        ?.map((flag) => flag.trim().slice(2)) ?? [];
    const original = [...keys().values()].filter(({ key }) => key.original).map(({ name }) => name);
    assert.equal(original.length, 5);
    assert.deepEqual(flags.slice(0, 5), original);
  });

  test('fits the width of the terminal, within reason', () => {
    for (let width = 50; width <= 120; width++) {
      for (const line of renderHelp(width).split('\n')) assert.ok(line.length <= width, `${width}: ${line}`);
      assert.doesNotMatch(renderHelp(width), /[ \t]$/m);
    }
    assert.equal(renderHelp(5), renderHelp(50));
    assert.equal(renderHelp(Number.NaN), renderHelp(50));
    assert.equal(renderHelp(1000), renderHelp(120));
  });

  test('aligns the meanings where there is room', () => {
    const columns = new Set(
      renderHelp(80)
        .split('\n')
        .filter((line) => / {4,}\S/.test(line))
        .map((line) => line.length - line.replace(/^(?: {2}\S.*?)? {2,}(?=\S)/, '').length),
    );
    assert.deepEqual([...columns], [32]);
  });
});
