/** Removing installed connectors, of every runtime, through the real binary. */
import { access, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { makeConnectorWorkplace } from '../harness/machine.ts';
import type { Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace('');
  server = await startServer({ workplace });
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

interface Removed {
  readonly removed: string[];
  readonly kept: string[];
}

const remove = (kind: string, name: string): Promise<Removed> => server.call('remove', { kind, name });
/** A server of another session: it has created nothing of what is there. */
async function anotherSession(environment: Record<string, string>): Promise<void> {
  await server.close();
  server = await startServer({ workplace, environment });
}

/** An environment as an installer leaves it, reduced to the files that mark it as installed. */
async function installed(version: string, connector = 'source-field'): Promise<string> {
  const folder = join(workplace.project, 'connectors', connector, version);
  const bin = join(folder, 'venv', 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(process.execPath, join(bin, 'python'));
  const program = join(bin, connector);
  await writeFile(program, '#!/bin/sh\n', { mode: 0o700 });
  await writeFile(join(folder, 'installed.json'), JSON.stringify({ connector, version, package: connector, program }));
  return folder;
}

test('an installed connector: one version by name@version, all by its name', async () => {
  const folders = await Promise.all(['1.0.0', '1.1.0', '2.0.0'].map((version) => installed(version)));
  expect(await server.fail('remove', { kind: 'connector', name: 'source-field' })).toMatchObject({ code: 'safe_mode' });
  await anotherSession({ SLUICE_SAFE_MODE: '0' });
  expect((await remove('connector', 'source-field@1.0.0')).removed.join()).toMatch(
    /^source-field@1\.0\.0 \(python\): [\d.]+ k?B$/,
  );
  await expect(access(folders[0] ?? '')).rejects.toThrow();
  await access(folders[1] ?? '');
  const sources = join(workplace.project, 'sources');
  await mkdir(sources, { recursive: true });
  const saved = {
    name: 'field',
    connector: 'source-field',
    version: '2.0.0',
    runtime: 'python',
    config: {},
    savedAt: '',
  };
  await writeFile(join(sources, 'field.json'), JSON.stringify(saved));
  expect((await remove('connector', 'source-field@1.1.0')).kept).toEqual([]);
  const last = await remove('connector', 'source-field');
  expect(last.removed).toHaveLength(1);
  expect(last.kept.join()).toContain('source "field": its next use installs');
  for (const folder of folders) await expect(access(folder)).rejects.toThrow();
  expect(await server.call('get_status')).toMatchObject({ installed_connectors: [] });
});

/** What a runtime leaves in a folder of its own when it has installed a connector. */
async function marked(connector: string, folder: string, marker: object): Promise<string> {
  const path = join(workplace.project, 'connectors', connector, folder);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'manifest.yaml'), 'version: 6.0.0\n');
  await writeFile(join(path, 'installed.json'), JSON.stringify({ connector, version: '1.0.0', ...marker }));
  return path;
}

test('one version in several runtimes: each has its name, and a CDK names the manifests that share it', async () => {
  await installed('1.0.0');
  await installed('7.1.0', 'airbyte-cdk');
  const manifest = await marked('source-field', 'manifest-1.0.0', { runtime: 'manifest' });
  const image = { image: 'airbyte/source-field:1.0.0', image_id: 'sha256:0', bytes: 5_000_000, pulled: false };
  const docker = await marked('source-field', 'docker-1.0.0', { runtime: 'docker', ...image });
  await anotherSession({ SLUICE_SAFE_MODE: '0' });
  const { installed_connectors: listed, text } = await server.call<{
    installed_connectors: { name: string; bytes: number; note?: string }[];
  }>('get_status');
  const cdk = listed.find(({ name }) => name === 'airbyte-cdk@7.1.0 (python)');
  expect(cdk?.note).toBe('shared by source-field@1.0.0 (manifest)');
  expect((await remove('connector', 'airbyte-cdk')).removed).toHaveLength(1);
  expect(listed.map(({ name }) => name).sort()).toEqual([
    'airbyte-cdk@7.1.0 (python)',
    'source-field@1.0.0 (docker)',
    'source-field@1.0.0 (manifest)',
    'source-field@1.0.0 (python)',
  ]);
  expect(text).toContain('source-field@1.0.0 (docker): 5.0 MB, airbyte/source-field:1.0.0, which was on this machine');
  expect((await remove('connector', 'source-field@1.0.0 (manifest)')).removed.join()).toMatch(
    /^source-field@1\.0\.0 \(m/,
  );
  await expect(access(manifest)).rejects.toThrow();
  await access(docker);
  const { removed, kept } = await remove('connector', 'source-field@1.0.0');
  // No size where the image stays.
  expect(removed).toEqual(
    [expect.stringMatching(/^source-field@1\.0\.0 \(python\): /), 'source-field@1.0.0 (docker)'].sort(),
  );
  expect(kept.join()).toContain('airbyte/source-field:1.0.0: it was on this machine before');
  expect(await server.call('get_status')).toMatchObject({ installed_connectors: [] });
});
