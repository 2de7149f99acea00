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
];

/** Runs Docker's own command. @returns what it printed */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64_000_000 });
  return stdout.trim();
}

/** A workplace whose registry holds the test images besides; `repositories` are more of them, with their version. */
export async function makeDockerPlace(
  repositories: Readonly<Record<string, string>> = {},
  envFileText?: string,
): Promise<Workplace> {
  const workplace = await makeWorkplace(envFileText);
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { sources: object[] };
  const all = { 'sluice-test/source-hostile': '1.0.0', 'sluice-test/source-replay': '1.0.0', ...repositories };
  const entries = Object.entries(all).map(([dockerRepository, dockerImageTag]) => ({
    name: dockerRepository,
    dockerRepository,
    dockerImageTag,
    spec: { connectionSpecification: { type: 'object' } },
  }));
  const path = join(workplace.directory, 'registry.json');
  await writeFile(path, JSON.stringify({ ...registry, sources: [...registry.sources, ...entries] }));
  return { ...workplace, environment: { ...workplace.environment, AIRBYTE_LOCAL_REGISTRY: path } };
}

/** Ids of the containers that came of this image since the test began to look. */
export async function containersOf(image: string): Promise<string[]> {
  const found = await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `ancestor=${image}`);
  return found === '' ? [] : found.split('\n');
}

/** Within `ms` no container of this image is there. */
export async function expectNoContainers(image: string, ms = 1_000): Promise<void> {
  let left: string[] = [];
  const gone = async (): Promise<boolean> => {
    left = await containersOf(image);
    return left.length === 0;
  };
  await waitUntil(gone, ms).catch(() => {});
  expect(left).toEqual([]);
}
