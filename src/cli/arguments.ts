/** What a person or a client typed after `sluice-mcp`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Arguments } from '../config/index.ts';
import { messageOf } from '../errors.ts';

const OPTIONS = {
  'env-file': { type: 'string' },
  'project-dir': { type: 'string' },
  stream: { type: 'string', multiple: true },
  destination: { type: 'string' },
  restart: { type: 'boolean' },
  limit: { type: 'string' },
  every: { type: 'string' },
  cron: { type: 'string' },
  with: { type: 'string' },
  json: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;
type Option = keyof typeof OPTIONS;

/** Where a command's data is stored, and how to get help: every command takes these. */
const COMMON: readonly Option[] = ['env-file', 'project-dir', 'help', 'version'];

interface Shape {
  readonly words: readonly string[];
  /** Words that may follow. */
  readonly more?: readonly string[];
  readonly options: readonly Option[];
}

/** The words that each command needs, and its own options. */
const COMMANDS = {
  serve: { words: [], options: [] },
  demo: { words: [], options: [] },
  doctor: { words: [], options: [] },
  sync: { words: ['NAME'], options: ['stream', 'destination', 'restart', 'json'] },
  syncs: { words: [], options: ['limit', 'json'] },
  schedule: { words: [], more: ['NAME', 'NAME'], options: ['every', 'cron', 'with', 'yes', 'json'] },
  remove: { words: ['KIND', 'NAME'], options: ['yes', 'json'] },
  sources: { words: [], more: ['ACTION', 'NAME', 'VERSION'], options: ['yes', 'json'] },
  destinations: { words: [], more: ['ACTION', 'NAME', 'VERSION'], options: ['yes', 'json'] },
} as const satisfies Record<string, Shape>;
type CommandName = keyof typeof COMMANDS;

export interface Typed {
  readonly name: CommandName;
  readonly arguments: Arguments;
  /** As many as the command needs, and those that may follow. */
  readonly words: readonly string[];
  readonly streams?: readonly string[] | undefined;
  readonly destination?: string | undefined;
  readonly restart: boolean;
  readonly limit?: number | undefined;
  readonly every?: string | undefined;
  readonly cron?: string | undefined;
  /** The scheduler to use. */
  readonly with?: string | undefined;
  readonly json: boolean;
  readonly yes: boolean;
}

export type Command = Typed | { readonly name: 'help' | 'version' } | Mistake;

export interface Mistake {
  readonly name: 'mistake';
  readonly message: string;
  /** The unknown word and similar known ones. */
  readonly unknown?: { readonly word: string; readonly known: readonly string[] };
}

const MAX_LISTED = 1000;

/** No command means `serve`: that is how clients start the server. */
export function parseCommand(argv: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
    if (values.help) return { name: 'help' };
    if (values.version) return { name: 'version' };
    const [name = 'serve', ...words] = positionals;
    if (name === 'help' || name === 'version') return { name };
    if (!isCommand(name)) {
      const unknown = { word: name, known: Object.keys(COMMANDS) };
      return { name: 'mistake', message: `There is no command "${name}".`, unknown };
    }
    const limit = values.limit === undefined ? undefined : Number(values.limit);
    const message =
      wrongWords(name, words) ??
      wrongOptions(name, Object.keys(values) as Option[]) ??
      (limit === undefined || (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LISTED)
        ? undefined
        : `--limit takes a number from 1 to ${MAX_LISTED}.`);
    if (message !== undefined) return { name: 'mistake', message };
    // A path typed by a person is relative to the working directory; a client's has no known base.
    const path = name === 'serve' ? (typed?: string) => typed : fromHere;
    return {
      name,
      arguments: { envFile: path(values['env-file']), projectDirectory: path(values['project-dir']) },
      words,
      streams: values.stream,
      destination: values.destination,
      restart: values.restart === true,
      limit,
      every: values.every,
      cron: values.cron,
      with: values.with,
      json: values.json === true,
      yes: values.yes === true,
    };
  } catch (error) {
    return mistakeOf(error);
  }
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

function wrongWords(name: CommandName, words: readonly string[]): string | undefined {
  const { words: required, more = [] }: Shape = COMMANDS[name];
  const most = required.length + more.length;
  if (words.length > most) return `"${name}" takes no further words: ${words.slice(most).join(' ')}`;
  const missing = required.slice(words.length);
  return missing.length > 0 ? `"${name}" needs ${missing.join(' and ')}.` : undefined;
}

function wrongOptions(name: CommandName, options: readonly Option[]): string | undefined {
  const own: readonly Option[] = COMMANDS[name].options;
  const strange = options.find((option) => !COMMON.includes(option) && !own.includes(option));
  return strange && `"${name}" takes no option --${strange}.`;
}

function mistakeOf(error: unknown): Mistake {
  const message = messageOf(error);
  const [, option] = /^Unknown option '(-+[^']*)'/.exec(message) ?? [];
  if (option === undefined) return { name: 'mistake', message };
  const known = Object.keys(OPTIONS).map((name) => `--${name}`);
  return { name: 'mistake', message: `There is no option "${option}".`, unknown: { word: option, known } };
}

/** Leaves a path that only a shell would expand unchanged; its reader reports it. */
function fromHere(typed?: string): string | undefined {
  return typed === undefined || /^[~$]/.test(typed) ? typed : resolve(typed);
}
