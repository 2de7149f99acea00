#!/usr/bin/env node
// Checks the Node version before anything newer is parsed, then starts the bundle. CommonJS: an ES module would be read by the threads that are set here.
'use strict';
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11)) {
  process.stderr.write(
    `sluice-mcp needs Node 20.11 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer Node from https://nodejs.org and point your client at it.\n',
  );
  process.exit(1);
}

// Queries and loads block a thread each; with Node's four, files could not be read while they run.
const THREADS = 16;
if (!(Number(process.env.UV_THREADPOOL_SIZE) >= THREADS)) process.env.UV_THREADPOOL_SIZE = String(THREADS);

start();

async function start() {
  const bundle = pathToFileURL(join(__dirname, '..', 'dist', 'main.js'));
  try {
    await import(bundle.href);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes(bundle.pathname)) throw error;
    // A checkout has no bundle until it is built; a package always has one.
    const { prepareCheckout } = await import('../scripts/prepare.js');
    prepareCheckout();
    await import(bundle.href);
  }
}
