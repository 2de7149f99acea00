/** What terminal commands print: redacted, invisible characters escaped, and JSON instead of words on request. */
import { existsSync } from 'node:fs';
import { messageOf, SluiceError } from '../errors.ts';
import { escapeHidden } from '../hidden-characters.ts';
import type { Services } from '../tools/index.ts';

/** The command, or the saved source, is invalid: nothing was run. */
export const MISTAKE = 2;

export interface Output {
  /** A line for people on stdout; none if JSON is requested. */
  say(text: string): void;
  /** A line for people on stderr; none if JSON is requested. */
  complain(text: string): void;
  /** One JSON object as a line on stdout; none if JSON is not requested. Keys are output field names. */
  json(value: object): void;
  /** Redacted, and harmless to a terminal. */
  clean(text: string): string;
}

export function createOutput({ vault }: Services, asJson: boolean): Output {
  const clean = (text: string): string => escapeHidden(vault.redactor.redact(text, 'connector'));
  return {
    clean,
    say: (text) => void (asJson || process.stdout.write(`${clean(text)}\n`)),
    complain: (text) => void (asJson || process.stderr.write(`${clean(text)}\n`)),
    json(value) {
      if (!asJson) return;
      process.stdout.write(`${JSON.stringify(vault.redactor.redactValue(value, 'connector', () => true))}\n`);
    },
  };
}

/**
 * Reports an error: the sentence, what is wrong where, and the next step; of a bug its stack, redacted like the rest.
 * @returns the exit status
 */
export function tellError(error: unknown, output: Output): number {
  const { kind, code, message, next, problems } = error instanceof SluiceError ? error : bug(error);
  const exitStatus = kind === 'input' ? MISTAKE : 1;
  output.json({ type: 'error', exit_status: exitStatus, error: { kind, code, message, next, problems } });
  output.complain(message);
  for (const problem of problems) output.complain(`  ${problem.path}: ${problem.message} ${problem.fix}`);
  output.complain(next);
  return exitStatus;
}

/** Whether there is a project at all: a mistyped path must not become a new one. */
export function hasProject({ project }: Services, output: Output): boolean {
  if (project.root === undefined || existsSync(project.root)) return true;
  const message = `There is no project at ${project.root}.`;
  const next = 'Name the folder that your client uses: --project-dir PATH (and --env-file PATH).';
  output.json({ type: 'error', exit_status: MISTAKE, error: { kind: 'input', code: 'no_project', message, next } });
  output.complain(`${message} ${next}`);
  return false;
}

function bug(error: unknown) {
  const message = `Internal error in Sluice: ${error instanceof Error ? error.stack : messageOf(error)}`;
  const next = 'Try once more. If it fails again, report it with these lines.';
  return { kind: 'bug', code: 'internal_error', message, next, problems: [] };
}
