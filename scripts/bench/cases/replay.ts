/** The sets that are made: each engine reads the same connector, which only prints. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkTables } from '../check.ts';
import { warm } from '../data/hashed-file.ts';
import { runInDocker } from '../engines/docker.ts';
import { runDuckdb } from '../engines/duckdb.ts';
import type { Result } from '../engines/engine.ts';
import { runPyairbyte } from '../engines/pyairbyte.ts';
import { runSluice } from '../engines/sluice.ts';
import type { Figures } from '../measure/measure.ts';
import type { Options } from '../options.ts';
import { prepareSet } from '../prepare.ts';
import type { Case, RunFolders } from './case.ts';

/** `python`: PyAirbyte's interpreter, where it is measured; `docker`: whether that is. */
export async function replayCase(
  letter: string,
  { data, small }: Pick<Options, 'data' | 'small'>,
  runs: RunFolders,
  { python, docker }: { readonly python: string | undefined; readonly docker: boolean },
  say: (line: string) => void,
): Promise<Case> {
  const { set, files, job, truth } = await prepareSet(letter, { data, small }, say);
  const engines = new Map<string, () => Promise<Figures>>();
  const add = (engine: string, input: string, run: (folder: string) => Promise<Result>): void => {
    engines.set(engine, async () => {
      const folder = join(runs.parent, set.name, engine);
      rmSync(folder, { recursive: true, force: true });
      await warm(input);
      const { figures, database, schema } = await run(folder);
      await checkTables(database, schema, set.streams, truth);
      if (!runs.keep) rmSync(folder, { recursive: true, force: true });
      return figures;
    });
  };
  add('sluice', files.messages, (folder) => runSluice({ ...job, folder }));
  if (docker && letter === 'a') add('docker', files.messages, (folder) => runInDocker({ ...job, folder }));
  if (python !== undefined) add('pyairbyte', files.messages, (folder) => runPyairbyte({ ...job, folder }, python));
  const { bare } = files;
  const [only] = set.streams;
  if (bare !== undefined && only) add('duckdb', bare, (folder) => runDuckdb({ ...job, folder }, only, bare));
  return { name: letter, title: set.title, records: set.records, long: letter === 'd', engines };
}
