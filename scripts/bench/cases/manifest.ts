/** A low-code connector that reads a local API, by the CDK's program alone and under Sluice. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pagingManifest, startPagingApi } from '../data/paging-api.ts';
import { dataSets } from '../data/sets.ts';
import { type SavedConnector, saveSource } from '../engines/sluice.ts';
import type { Figures } from '../measure/measure.ts';
import type { Options } from '../options.ts';
import type { Case } from './case.ts';
import { type InstalledConnector, installedProgram, runAlone, syncFirst } from './installed.ts';

export async function manifestCase(
  { data, small }: Pick<Options, 'data' | 'small'>,
  say: (line: string) => void,
): Promise<Case> {
  const records = small ? 10_000 : 100_000;
  const [stream] = dataSets(1)[0]?.streams ?? [];
  if (!stream) throw new Error('the first set has no stream');
  const origin = await startPagingApi(stream, records);
  const folder = join(data, 'manifest');
  const connectors = join(folder, 'project', 'connectors');
  const manifestPath = join(folder, 'manifest.yaml');
  mkdirSync(folder, { recursive: true });
  writeFileSync(manifestPath, pagingManifest(stream));
  const source: SavedConnector = {
    name: 'bench_manifest',
    connector: 'source-bench-paging',
    config: { origin },
    runtime: 'manifest',
    manifestPath,
    environment: { SLUICE_CONFIG_DIRS: folder },
    folder,
  };
  say('manifest: installing the CDK, once');
  await saveSource(source);
  const program = installedProgram(connectors, 'airbyte-cdk', 'source-declarative-manifest');
  const options = ['--manifest-path', manifestPath];
  const installed: InstalledConnector = { source, program, options, streams: [stream] };
  const engines = new Map<string, () => Promise<Figures>>([
    ['connector', () => runAlone(installed)],
    ['sluice', () => syncFirst(installed, source, connectors)],
  ]);
  return { name: 'manifest', title: 'a manifest that reads a local API', records, long: false, engines };
}
