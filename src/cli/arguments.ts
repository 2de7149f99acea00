/** What a person or a client typed after `sluice-mcp`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Arguments } from '../config/index.ts';
import { messageOf } from '../errors.ts';

export const COMMANDS = ['serve', 'demo', 'doctor'] as const;

export type Command =
  | { readonly name: (typeof COMMANDS)[number]; readonly arguments: Arguments }
  | { readonly name: 'help' | 'version' }
  | Mistake;

export interface Mistake {
  readonly name: 'mistake';
  readonly message: string;
  /** The word that is unknown, and those that it may have been meant for. */
  readonly unknown?: { readonly word: string; readonly known: readonly string[] };
}

const OPTIONS = {
  'env-file': { type: 'string' },
  'project-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** No command means `serve`: that is how clients start the server. */
export function parseCommand(argv: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: OPTIONS,
    });
    if (values.help) return { name: 'help' };
    if (values.version) return { name: 'version' };
    const [name = 'serve', ...rest] = positionals;
    if (name === 'help' || name === 'version') return { name };
    const known = COMMANDS.find((command) => command === name);
    if (!known) {
      return { name: 'mistake', message: `There is no command "${name}".`, unknown: { word: name, known: COMMANDS } };
    }
    if (rest.length > 0) return { name: 'mistake', message: `"${name}" takes no further words: ${rest.join(' ')}` };
    // A person's path is meant from where the person is; a client's would be meant from anywhere.
    const path = known === 'serve' ? (typed?: string) => typed : fromHere;
    return {
      name: known,
      arguments: { envFile: path(values['env-file']), projectDirectory: path(values['project-dir']) },
    };
  } catch (error) {
    return mistakeOf(error);
  }
}

function mistakeOf(error: unknown): Mistake {
  const message = messageOf(error);
  const [, option] = /^Unknown option '(-+[^']*)'/.exec(message) ?? [];
  if (option === undefined) return { name: 'mistake', message };
  const known = Object.keys(OPTIONS).map((name) => `--${name}`);
  return { name: 'mistake', message: `There is no option "${option}".`, unknown: { word: option, known } };
}

/** A path that only a shell would expand stays as it is: what reads it says so. */
function fromHere(typed?: string): string | undefined {
  return typed === undefined || /^[~$]/.test(typed) ? typed : resolve(typed);
}
