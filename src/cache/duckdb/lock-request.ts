/** A note next to a database file, by which a process that waits for the file asks its user to close it. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';

/** A note is rewritten at each try; an older one is from a dead process. */
const FRESH_MS = 2_000;

const noteOf = (path: string): string => `${path}.wanted`;

/** Best effort: where the note cannot be written, the wait continues without it. */
export async function requestLock(path: string): Promise<void> {
  await writeFile(noteOf(path), String(process.pid), { mode: 0o600 }).catch(() => undefined);
}

export async function withdraw(path: string): Promise<void> {
  await rm(noteOf(path), { force: true }).catch(() => undefined);
}

/** Whether another process waits for the file now. */
export async function isWaitedFor(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(noteOf(path));
    return Date.now() - mtimeMs < FRESH_MS && (await readFile(noteOf(path), 'utf8')) !== String(process.pid);
  } catch {
    return false;
  }
}
