import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { Launched, ROOT } from '../support/program.ts';

describe('the Dockerfile', () => {
  test('has no fault that a linter knows', async () => {
    const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    assert.deepEqual(validate(text), []);
    // That it would see one.
    assert.notDeepEqual(validate(`${text}\nEXPOSE many\n`), []);
  });

  test('ends with an image of the tested Node.js that runs as nobody in particular and can be asked for its health', async () => {
    const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    const runtime = JSON.parse(await readFile(join(ROOT, 'runtime/package.json'), 'utf8')) as {
      readonly optionalDependencies: Readonly<Record<string, string>>;
    };
    for (const version of Object.values(runtime.optionalDependencies))
      assert.match(text, new RegExp(`^ARG NODE_IMAGE=node:${version}-`, 'm'));
    const instructions = DockerfileParser.parse(text).getInstructions();
    const keywords = instructions.map((instruction) => instruction.getKeyword());
    const image = instructions.slice(keywords.lastIndexOf('FROM'));
    const wordsOf = (keyword: string) =>
      image.find((instruction) => instruction.getKeyword() === keyword)?.getArgumentsContent() ?? '';
    assert.match(wordsOf('USER'), /^[1-9]\d*:[1-9]\d*$/);
    assert.match(wordsOf('HEALTHCHECK'), /"health"/);
    assert.match(wordsOf('ENTRYPOINT'), /^\[/);
    assert.equal(wordsOf('VOLUME'), '/data');
  });

  test('leads to a program that is healthy, writes to its volume alone and ends in order', async () => {
    await using rehearsal = new Launched([], { file: join(ROOT, 'scripts/rehearse-image.ts') });
    const { code } = await rehearsal.exit(480_000);
    assert.equal(code, 0, `${rehearsal.stdout}\n${rehearsal.stderr}`);
    assert.match(rehearsal.stdout, /^The image can be built and run\.$/m);
  });
});
