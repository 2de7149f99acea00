/** Makes a set of data, its connector and the sums that every engine must reproduce. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Sums, truthOf } from './check.ts';
import { replayConnector } from './data/connector.ts';
import { type DataFiles, dataFiles } from './data/make.ts';
import { type DataSet, dataSets } from './data/sets.ts';
import type { Job } from './engines/engine.ts';

export interface PreparedSet {
  readonly set: DataSet;
  readonly files: DataFiles;
  readonly job: Omit<Job, 'folder'>;
  readonly truth: Sums;
}

/** @throws Error for an unknown letter */
export async function prepareSet(
  letter: string,
  { data, small }: { data: string; small: boolean },
  say: (line: string) => void,
): Promise<PreparedSet> {
  const set = dataSets(small ? 0.1 : 1).find(({ name }) => name === letter);
  if (!set) throw new Error(`there is no set ${letter}`);
  const files = await dataFiles(set, join(data, small ? 'small' : 'full'), say);
  const connector = replayConnector(set, files);
  const truth = await cachedTruth(set, files);
  return {
    set,
    files,
    job: { name: letter, connector, config: {}, streams: set.streams.map(({ name }) => name) },
    truth,
  };
}

/** The expected sums, cached next to the data they are computed from. */
async function cachedTruth(set: DataSet, { folder, messages }: DataFiles): Promise<Sums> {
  const path = join(folder, 'sums.json');
  const of = readFileSync(join(folder, 'manifest.json'), 'utf8');
  if (existsSync(path)) {
    const cached = JSON.parse(readFileSync(path, 'utf8')) as { of: string; sums: Sums };
    if (cached.of === of) return cached.sums;
  }
  const sums = await truthOf(messages, set.streams);
  writeFileSync(path, JSON.stringify({ of, sums }));
  return sums;
}
