/** Which project a terminal command is about: what was typed, else what servers have recorded; asked when there are several. */
import { createInterface } from 'node:readline/promises';
import type { Arguments, Settings } from '../config/index.ts';
import { systemCode } from '../errors.ts';
import { type KnownProject, knownProjects } from '../project/index.ts';

/**
 * @returns the arguments with which to load the settings again, or undefined if a choice is needed and there is no terminal to ask on
 */
export async function chooseProject(args: Arguments, settings: Settings): Promise<Arguments | undefined> {
  const given = args.projectDirectory ?? args.envFile;
  if (given !== undefined || settings.envFile.origin !== 'default' || settings.projectDirectory.origin !== 'default')
    return args;
  const known = await knownProjects(settings.userDataDirectory).catch((error: unknown) => {
    // A home that this user may not read, as after su: the command reports what else is wrong with it.
    if (systemCode(error) === undefined) throw error;
    return [];
  });
  const [only] = known;
  if (!only) return args;
  if (known.length === 1) return toArguments(only);
  process.stderr.write(
    `Several projects are known:\n${known.map((entry, index) => `  ${index + 1}  ${entry.project}\n`).join('')}`,
  );
  if (!process.stdin.isTTY) {
    process.stderr.write('Say which: --project-dir PATH (and --env-file PATH).\n');
    return undefined;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await terminal.question(`Which one? [1] `);
  terminal.close();
  const chosen = known[Number(typed.trim() || '1') - 1];
  if (!chosen) process.stderr.write('There is no such number.\n');
  return chosen && toArguments(chosen);
}

function toArguments({ project, envFile }: KnownProject): Arguments {
  return { projectDirectory: project, envFile };
}
