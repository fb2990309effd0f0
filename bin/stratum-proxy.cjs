#!/usr/bin/env node
'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

// Plain CommonJS, so that a Node.js that cannot run the program can still say so.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `stratum-proxy needs Node.js 24.15 or newer, this is ${process.versions.node}; install a newer one from https://nodejs.org\n`,
  );
  process.exit(1);
}
// As in `npm start`: sessions live long, and a large young generation only makes the process grow. What the user says of it counts more.
// V8 takes the size at its start alone, so the process begins once more, as itself.
const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
if (process.platform !== 'win32' && !/max[-_]semi[-_]space[-_]size/.test(given)) {
  const args = ['--max-semi-space-size=8', ...process.execArgv, ...process.argv.slice(1)];
  try {
    process.execve(process.execPath, [process.execPath, ...args], process.env);
  } catch {
    // Where that is not possible the process is a little larger.
  }
}
// A checkout without the tools to build it has the sources alone, which Node.js runs too, more slowly.
const main = ['../dist/main.js', '../src/main.ts'].find((file) => existsSync(join(__dirname, file)));
if (main === undefined) {
  process.stderr.write(
    'stratum-proxy is not built; run "npm run build" in its folder, or start it with "npm start"\n',
  );
  process.exit(1);
}
import(main).catch((error) => {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
});
