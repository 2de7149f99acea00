// Makes a checkout runnable with nothing but Node: installs when the lockfile is newer than what is installed, then builds.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Prints to stderr only: stdout may carry a protocol. */
export function prepareCheckout() {
  if (!installed()) {
    if (isLink(join(root, 'node_modules'))) {
      process.stderr.write(
        'node_modules is a link to packages of an older lockfile: npm ci would empty what it leads to. Install there.\n',
      );
      process.exit(1);
    }
    process.stderr.write('Installing packages (once) …\n');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  run(process.execPath, [join(root, 'scripts', 'build.js')]);
}

function installed() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    process.stderr.write(`Failed: ${command} ${args.join(' ')}${error ? ` (${error.message})` : ''}\n`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepareCheckout();
