/** Locks between processes: a file that names its holder; a dead holder's lock is taken over. */

import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, LimitError, systemCode } from '../errors.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

export interface LockHolder extends ProcessIdentity {
  /** What the holder does, for the message to those who wait. */
  readonly purpose: string;
}

export interface LockOptions {
  readonly purpose: string;
  /** Milliseconds to wait for another holder; 0 answers at once. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Told once when the lock has to be waited for. */
  readonly onWait?: (holder: LockHolder) => void;
}

const RETRY_MS = 100;
/** Locks that this process holds: the file alone cannot tell two calls of one process apart. */
const heldHere = new Map<string, string>();

/**
 * Runs `body` while this process holds the lock at `path` (its folder is made).
 * @throws LimitError `locked` naming the holder when `waitMs` is over
 */
export async function withLock<T>(path: string, options: LockOptions, body: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + options.waitMs;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let reported = false;
  for (;;) {
    const holder = await tryTake(path, options.purpose);
    if (!holder) break;
    if (!reported) options.onWait?.(holder);
    reported = true;
    if (options.signal?.aborted) throw abortError(options.signal);
    if (Date.now() >= deadline) throw lockedError(holder);
    await sleep(RETRY_MS);
  }
  try {
    return await body();
  } finally {
    heldHere.delete(path);
    await rm(path, { force: true });
  }
}

async function tryTake(path: string, purpose: string): Promise<LockHolder | undefined> {
  const self = await identify(process.pid);
  const mine: LockHolder = { pid: process.pid, started: self?.started ?? '', purpose };
  const here = heldHere.get(path);
  if (here !== undefined) return { ...mine, purpose: here };
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        // A link is made whole or not at all: no reader ever sees an empty lock file.
        await link(temporary, path);
        heldHere.set(path, purpose);
        return undefined;
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      const holder = await readHolder(path);
      if (holder && (await isAlive(holder))) return holder;
      await removeDead(path, temporary);
    }
    return (await readHolder(path)) ?? { ...mine, purpose: 'another process took the lock at the same moment' };
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Takes a dead holder's file away. Only who holds the guard may: a file that was read as a dead one's stays so until then,
 * and the lock of a living one is never out of its place.
 */
async function removeDead(path: string, temporary: string): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await link(temporary, guard);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    if (await isDead(guard)) await rm(guard, { force: true });
    return;
  }
  try {
    if (await isDead(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** Whether the file is there, and names nobody who lives. */
async function isDead(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (text === undefined) return false;
  const holder = holderIn(text);
  return holder === undefined || !(await isAlive(holder));
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  return holderIn(await readFile(path, 'utf8').catch(() => ''));
}

function holderIn(text: string): LockHolder | undefined {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return undefined;
  }
}

function lockedError(holder: LockHolder): LimitError {
  return new LimitError(
    'locked',
    `Another process (pid ${holder.pid}) is busy here: ${holder.purpose}.`,
    'Wait until it has finished and call again, or end that process.',
    { details: { holder_pid: holder.pid, holder_purpose: holder.purpose } },
  );
}
