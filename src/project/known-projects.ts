/** The projects that servers have used on this machine, so that terminal commands find them without arguments. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../protocol/index.ts';
import { readJson, writeAtomic } from './files.ts';

export interface KnownProject {
  /** Absolute path of the project directory. */
  readonly project: string;
  /** Absolute path of the env file that was used with it. */
  readonly envFile?: string;
  /** ISO 8601, UTC. */
  readonly usedAt: string;
}

const MAX_KEPT = 20;

/** The projects in order of last use, newest first. */
export async function knownProjects(userDataDirectory: string): Promise<KnownProject[]> {
  const value = await readJson(listPath(userDataDirectory));
  const entries = isObject(value) && Array.isArray(value.projects) ? value.projects : [];
  return entries.flatMap((entry) =>
    isObject(entry) && typeof entry.project === 'string' && typeof entry.usedAt === 'string'
      ? [
          {
            project: entry.project,
            envFile: typeof entry.envFile === 'string' ? entry.envFile : undefined,
            usedAt: entry.usedAt,
          },
        ]
      : [],
  );
}

/** Puts a project first in the list. */
export async function recordProject(userDataDirectory: string, used: Omit<KnownProject, 'usedAt'>): Promise<void> {
  await mkdir(userDataDirectory, { recursive: true, mode: 0o700 });
  const others = (await knownProjects(userDataDirectory)).filter(({ project }) => project !== used.project);
  const projects = [{ ...used, usedAt: new Date().toISOString() }, ...others].slice(0, MAX_KEPT);
  await writeAtomic(listPath(userDataDirectory), `${JSON.stringify({ projects }, null, 2)}\n`);
}

function listPath(userDataDirectory: string): string {
  return join(userDataDirectory, 'projects.json');
}
