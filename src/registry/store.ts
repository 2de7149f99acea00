/** Cached downloads in the project's `registry` folder: a body and its metadata, by address. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SluiceError, systemCode } from '../errors.ts';
import { type Project, readJson, writeAtomic } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';

export interface CachedBody {
  readonly body: Buffer;
  readonly etag?: string;
  /** When the server last confirmed that this is current, in milliseconds since 1970; 0 if unknown. */
  readonly checkedAt: number;
}

export interface Store {
  /** The copy of an address, or undefined if there is none, or it cannot be read. */
  read(address: string): Promise<CachedBody | undefined>;
  /** Stores a copy; returns the reason if that failed. */
  write(address: string, copy: CachedBody): Promise<string | undefined>;
  /** Notes that the copy is still current. */
  touch(address: string, copy: CachedBody): Promise<string | undefined>;
}

export function createStore(project: Project): Store {
  const paths = (folder: string, address: string): { body: string; meta: string } => {
    const stem = join(folder, `${slug(address)}-${digest(address).slice(0, 12)}`);
    return { body: `${stem}.body`, meta: `${stem}.meta.json` };
  };
  const writeMeta = (path: string, address: string, { body, etag, checkedAt }: CachedBody): Promise<void> =>
    writeAtomic(path, `${JSON.stringify({ address, etag, checked_at: checkedAt, sha256: digest(body) })}\n`);
  return {
    async read(address) {
      const folder = project.peek('registry');
      if (folder === undefined) return undefined;
      const path = paths(folder, address);
      try {
        const body = await readFile(path.body);
        const meta = await readJson(path.meta);
        // A body without valid metadata is still complete; only its age is unknown.
        const known = isObject(meta) && meta.address === address && meta.sha256 === digest(body) ? meta : {};
        return {
          body,
          etag: typeof known.etag === 'string' ? known.etag : undefined,
          checkedAt: typeof known.checked_at === 'number' ? known.checked_at : 0,
        };
      } catch (error) {
        if (systemCode(error) !== undefined) return undefined;
        throw error;
      }
    },
    write: (address, copy) =>
      reasonOf(async () => {
        const path = paths(await project.folder('registry'), address);
        await writeAtomic(path.body, copy.body.toString('utf8'));
        await writeMeta(path.meta, address, copy);
      }),
    touch: (address, copy) =>
      reasonOf(async () => writeMeta(paths(await project.folder('registry'), address).meta, address, copy)),
  };
}

/** A full or read-only disk loses only the copy, not the answer. */
async function reasonOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError || systemCode(error) !== undefined) return messageOf(error);
    throw error;
  }
}

function slug(address: string): string {
  return new URL(address).pathname
    .split('/')
    .slice(-3)
    .join('-')
    .replace(/[^a-zA-Z0-9._-]+/g, '_')
    .replace(/^[-.]+/, '')
    .slice(-80);
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
