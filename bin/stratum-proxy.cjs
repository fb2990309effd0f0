#!/usr/bin/env node
'use strict';

// Plain CommonJS, so that a Node.js that cannot run the program can still say so.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `stratum-proxy needs Node.js 24.15 or newer, this is ${process.versions.node}; install a newer one from https://nodejs.org\n`,
  );
  process.exit(1);
}
import('../dist/main.js').catch((error) => {
  process.stderr.write(
    error?.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).includes('dist')
      ? 'stratum-proxy is not built; run "npm run build" in its folder, or start it with "npm start"\n'
      : `${error?.stack ?? error}\n`,
  );
  process.exit(1);
});
