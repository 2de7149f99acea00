/** Real images under a real engine, and what is left of them: by Docker's own command, not by Sluice's code. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { waitUntil } from './machine.ts';
import { makeWorkplace, SMALL_REGISTRY, type Workplace } from './workplace.ts';

/** The version of the real source that `.ci/images` packs. */
export const FAKER = '7.2.1';

/** Built by `.ci/images`. */
export const TEST_IMAGES = [
  `airbyte/source-faker:${FAKER}`,
  'sluice-test/source-hostile:1.0.0',
  'sluice-test/source-replay:1.0.0',
  'sluice-test/destination-tally:1.0.0',
  'sluice-test/destination-jsonl:1.0.0',
  'sluice-test/destination-jsonl:1.0.0',
];

/** Runs Docker's own command. @returns what it printed */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64_000_000 });
  return stdout.trim();
}

/** A workplace whose registry holds the test images besides; `repositories` are more of them, with their version. */
export async function makeDockerWorkplace(
  repositories: Readonly<Record<string, string>> = {},
  envFileText?: string,
): Promise<Workplace> {
  const workplace = await makeWorkplace(envFileText);
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as Record<'sources' | 'destinations', object[]>;
  const own = TEST_IMAGES.filter((image) => image.startsWith('sluice-test/')).map((image) => image.split(':'));
  const all = { ...Object.fromEntries(own as [string, string][]), ...repositories };
  for (const [dockerRepository, dockerImageTag] of Object.entries(all)) {
    const spec = { connectionSpecification: { type: 'object' } };
    const kind = dockerRepository.includes('/destination-') ? 'destinations' : 'sources';
    registry[kind].push({ name: dockerRepository, dockerRepository, dockerImageTag, spec });
  }
  const path = join(workplace.directory, 'registry.json');
  await writeFile(path, JSON.stringify(registry));
  return { ...workplace, environment: { ...workplace.environment, AIRBYTE_LOCAL_REGISTRY: path } };
}

/** Ids of the containers of a server, running or not. */
export async function containersOf(server: { readonly pid: number }): Promise<string[]> {
  const format = '{{.ID}} {{.Label "sluice.server"}}';
  const all = await docker('ps', '--all', '--no-trunc', '--filter', 'label=sluice.server', '--format', format);
  return all
    .split('\n')
    .filter((line) => line.split(' ')[1]?.startsWith(`${server.pid}@`))
    .map((line) => line.split(' ')[0] ?? '');
}

/** Ids of the processes that would remove a server's containers if it were killed, or that are doing so. */
export async function watchersOf(server: { readonly pid: number }): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,command=']);
  const watcher = new RegExp(String.raw`^ *(\d+) .*end-containers\.js [0-9a-f]{16} ${server.pid}@`);
  return stdout
    .split('\n')
    .flatMap((line) => watcher.exec(line)?.[1] ?? [])
    .map(Number);
}

/** Waits up to `ms` until no container of this server exists. */
export async function expectNoContainers(server: { readonly pid: number }, ms = 1_000): Promise<void> {
  let left: string[] = [];
  const isClean = async (): Promise<boolean> => {
    left = await containersOf(server);
    return left.length === 0;
  };
  await waitUntil(isClean, ms).catch(() => {});
  expect(left).toEqual([]);
}

/** Waits up to `ms` until no watcher process of this server runs. */
export async function expectNoWatchers(server: { readonly pid: number }, ms = 1_000): Promise<void> {
  await waitUntil(async () => (await watchersOf(server)).length === 0, ms).catch(() => {});
  expect(await watchersOf(server)).toEqual([]);
}

/** Waits until a container of the server runs. @returns its id */
export async function runningContainer(server: { readonly pid: number }): Promise<string> {
  let found = '';
  await waitUntil(async () => {
    const [id] = await containersOf(server);
    const running = id && (await docker('inspect', '--format', '{{.State.Running}}', id).catch(() => ''));
    found = running === 'true' ? (id ?? '') : '';
    return found !== '';
  }, 30_000);
  return found;
}
