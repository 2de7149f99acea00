/** Not timed: which calls a connector gets in the second sync of a saved source that has nothing new. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replayConnector } from '../data/connector.ts';
import { dataFiles } from '../data/make.ts';
import { dataSets } from '../data/sets.ts';
import { type SavedConnector, saveSource, syncSource } from '../engines/sluice.ts';
import type { Verdict } from '../report/targets.ts';

export async function judgeSecondSync(runs: string, say: (line: string) => void): Promise<Verdict[]> {
  const calls = await callsOfSecondSync(runs, say);
  const met = calls.join() === 'read';
  const what = 'second sync, nothing new: calls of the connector';
  return [{ what, aim: 'read', measured: calls.join(' ') || 'none', met, disturbed: false, offPercent: met ? 0 : 100 }];
}

/** @returns the verbs, in order */
async function callsOfSecondSync(runs: string, say: (line: string) => void): Promise<string[]> {
  const [like] = dataSets(0);
  if (!like) throw new Error('there are no sets');
  const set = { ...like, name: 'second' };
  const parent = join(runs, 'second');
  rmSync(parent, { recursive: true, force: true });
  const folder = join(parent, 'project');
  mkdirSync(folder, { recursive: true });
  const files = await dataFiles(set, parent, say);
  const connector = replayConnector(set, files);
  // In a sandbox the connector could not record its calls.
  const environment = { SLUICE_SANDBOX: 'off' };
  const saved = { name: 'bench_second', connector, config: {}, environment, folder };
  const source: SavedConnector = { ...saved, runtime: 'executable' };
  await saveSource(source);
  await syncSource(source, files.folder);
  const calls = join(files.folder, 'calls');
  writeFileSync(calls, '');
  await syncSource(source, files.folder);
  return readFileSync(calls, 'utf8').split('\n').filter(Boolean);
}
