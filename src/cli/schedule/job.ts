/** One scheduled sync, and what a scheduler of the system does with it. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { askTool } from '../../connectors/index.ts';
import { isObject } from '../../protocol/index.ts';
import type { When } from './when.ts';

export interface Job {
  /** Of the source's name and the project: two projects may have sources of one name. */
  readonly id: string;
  readonly source: string;
  readonly project: string;
  readonly when: When;
  readonly command: readonly string[];
  /** Where its output goes, for schedulers without a journal. */
  readonly log: string;
}

/** Runs a program of the system; never throws if that program fails. */
export type AskTool = (program: string, args: readonly string[]) => ReturnType<typeof askTool>;

/** What is stored with a scheduled job, so that it can be found and reported. */
export type Noted = Pick<Job, 'id' | 'source' | 'project' | 'when'>;

/** A change to the system that is shown before it is made. */
export interface Plan {
  /** Text to show: each file with its content, each command. */
  readonly steps: readonly string[];
  /** Applies the change; rolls it back if it fails half-way. */
  carryOut(): Promise<void>;
}

export interface Scheduler {
  readonly name: 'systemd' | 'launchd' | 'crontab';
  /** A note for the user, if any. */
  readonly note?: string;
  isAvailable(): Promise<boolean>;
  list(): Promise<readonly Noted[]>;
  plan(job: Job): Promise<Plan>;
  planRemoval(job: Pick<Noted, 'id'>): Promise<Plan>;
}

export function jobId(source: string, project: string): string {
  return `${source}-${createHash('sha256').update(project).digest('hex').slice(0, 8)}`;
}

/** The marker line's content. */
export function noteOf({ id, source, project, when }: Noted): string {
  return JSON.stringify({ id, source, project, when });
}

export function readNote(text: string): Noted | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isNote =
      isObject(value) &&
      ['id', 'source', 'project'].every((key) => typeof value[key] === 'string') &&
      isObject(value.when);
    return isNote ? (value as unknown as Noted) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The command line by absolute paths: a scheduler does not have the user's PATH. If npx runs this from its cache, which may be
 * emptied, the command is npx itself.
 */
export function syncCommand(source: string, project: string, envFile: string | undefined, version: string): string[] {
  const script = realpathSync(process.argv[1] ?? '');
  const start = /[\\/]_npx[\\/]/.test(script)
    ? [join(dirname(process.execPath), 'npx'), '-y', `sluice-mcp@${version}`]
    : [process.execPath, script];
  return [
    ...start,
    'sync',
    source,
    '--project-dir',
    project,
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
  ];
}
