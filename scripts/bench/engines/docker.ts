/** The same connectors from images: the cost of Docker on top of the program itself. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Job, Result } from './engine.ts';
import { REGISTRY, type SavedConnector, saveSource, syncSource, tablesOf } from './sluice.ts';

const BASE = 'sluice-test/base:1';
/** Where the replay connector's folder is seen in the container. */
const DATA = '/sluice-bench';
const VERSION = '1.0.0';

/** The image of the real source that `.ci/images` has built; undefined if none is. */
export function fakerVersion(): string | undefined {
  return run(['image', 'ls', '--format', '{{.Tag}}', 'airbyte/source-faker'])?.split('\n')[0] || undefined;
}

/** Whether an engine answers and has the image that all others are built on. */
export function hasImages(): boolean {
  return run(['image', 'inspect', BASE]) !== undefined;
}

/** The replay connector, its folder mounted: the data is not copied, as it is not for the other engines. */
export async function runInDocker({ name, connector, config, folder }: Job): Promise<Result> {
  const repository = `sluice-bench/source-replay-${name}`;
  const dockerfile = `FROM ${BASE}\nENTRYPOINT ["${DATA}/${basename(connector)}"]\n`;
  execFileSync('docker', ['build', '-q', '-t', `${repository}:${VERSION}`, '-'], {
    input: dockerfile,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  mkdirSync(folder, { recursive: true });
  const source: SavedConnector = {
    name: `bench_${name}`,
    connector: basename(repository),
    config,
    runtime: 'docker',
    folder,
    environment: {
      AIRBYTE_LOCAL_REGISTRY: registryWith(repository, folder),
      SLUICE_DOCKER_MOUNTS: `${dirname(connector)}=${DATA}`,
    },
  };
  await saveSource(source);
  return { figures: await syncSource(source, connector), ...tablesOf(source) };
}

function registryWith(dockerRepository: string, folder: string): string {
  const registry = JSON.parse(readFileSync(REGISTRY, 'utf8')) as { sources: object[] };
  const spec = { connectionSpecification: { type: 'object' } };
  registry.sources.push({ name: dockerRepository, dockerRepository, dockerImageTag: VERSION, spec });
  const path = join(folder, 'registry.json');
  writeFileSync(path, JSON.stringify(registry));
  return path;
}

function run(args: readonly string[]): string | undefined {
  try {
    return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
