/** The private folder of one run. Its name tells which server made it, so that another can clear up after a dead one. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, type ProcessIdentity, type Project, readJson, writeAtomic } from '../../project/index.ts';
import { createTree } from './process-tree.ts';
import { makeTemporaryFolder, removeTemporaryLink } from './temporary-folder.ts';

export interface RunFolder {
  /** Also the mark in the environment of all that the run starts. */
  readonly id: string;
  /** The folder that the program gets; Sluice's notes on the run are stored next to it, out of the program's reach. */
  readonly path: string;
  /** For the program's output, out of its reach like the notes. */
  readonly outputPath: string;
  /** Where the run puts its own temporary files: in the folder, under a name that is short enough. */
  readonly temporary: string;
  /** Writes down which process the run is. */
  record(child: ProcessIdentity): Promise<void>;
  /** Removes the files that were put in, while their reader may live; the record stays, so that a process that is left can be found. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

const NAME = /^(\d+)-([0-9a-f]{12})-[0-9a-f]{16}$/;
const RECORD = 'process.json';
const WORK = 'work';

export async function makeRunFolder(project: Project): Promise<RunFolder> {
  const parent = await project.folder('runs');
  const id = `${process.pid}-${await ownStamp()}-${randomBytes(8).toString('hex')}`;
  const folder = join(parent, id);
  const path = join(folder, WORK);
  await mkdir(folder, { mode: 0o700 });
  await mkdir(path, { mode: 0o700 });
  const temporary = await makeTemporaryFolder(path);
  return {
    id,
    path,
    outputPath: join(folder, 'output'),
    temporary,
    record: ({ pid, started }) => writeAtomic(join(folder, RECORD), JSON.stringify({ pid, started })),
    empty: () => removeFiles(path),
    remove: () => removeRun(folder),
  };
}

/** Ends what dead servers of this project left running, and removes their folders with the configurations in them. */
export async function sweepRunFolders(project: Project, graceMs: number): Promise<void> {
  const parent = await project.folder('runs');
  const names = await readdir(parent);
  await Promise.all(
    names.map(async (name) => {
      const [, pid, stamp] = NAME.exec(name) ?? [];
      if (!pid || !stamp || (await isMaker(Number(pid), stamp))) return;
      const path = join(parent, name);
      const record = (await readJson(join(path, RECORD))) as Partial<ProcessIdentity> | undefined;
      // Without a record the server died while it started the process: then the mark alone finds it.
      await createTree({ mark: name, pid: record?.pid ?? -1, started: record?.started ?? '' }).end(graceMs);
      await removeRun(path);
    }),
  );
}

async function isMaker(pid: number, stamp: string): Promise<boolean> {
  const running = await identify(pid);
  return running !== undefined && stampOf(running.started) === stamp;
}

let stamped: Promise<string> | undefined;

function ownStamp(): Promise<string> {
  stamped ??= identify(process.pid).then((self) => stampOf(self?.started ?? ''));
  return stamped;
}

function stampOf(started: string): string {
  return createHash('sha256').update(started).digest('hex').slice(0, 12);
}

async function removeRun(path: string): Promise<void> {
  await removeTemporaryLink(join(path, WORK));
  await removeFolder(path);
}

/** Only the folder's direct files: a subfolder could become a link to anything while it is being emptied. */
async function removeFiles(path: string): Promise<void> {
  const names = await readdir(path);
  await Promise.all(names.map((name) => unlink(join(path, name)).catch(() => {})));
}

async function removeFolder(path: string): Promise<void> {
  // A process that is just being ended may still write into it.
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
