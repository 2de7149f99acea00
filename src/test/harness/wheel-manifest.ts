/** Manifests of real connectors: those that were published as Python packages carry them in their wheel. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The `manifest.yaml` of `airbyte-source-NAME` in one version, from the package index of this machine. */
export async function manifestInWheel(connector: string, version: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-wheel-'));
  try {
    const requirement = `airbyte-${connector}==${version}`;
    await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, requirement]);
    const [wheel = ''] = await readdir(folder);
    const module = connector.replaceAll('-', '_');
    const print = 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))';
    const { stdout } = await run('python3', ['-c', print, join(folder, wheel), `${module}/manifest.yaml`]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The manifest with the address of its service replaced. */
export function pointedAt(manifest: string, address: string, origin: string): string {
  if (!manifest.includes(address)) throw new Error(`the manifest does not name ${address}`);
  return manifest.replaceAll(address, origin);
}
