/** Reads the env file: names, values and problems. No message contains a value or a part of one. */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { SetupError, systemCode } from '../errors.ts';
import { type EnvLines, readEnvLines } from './env-lines.ts';
import { suspicionOf } from './env-quoting.ts';
import type { EnvFileContents } from './env-values.ts';

const MAX_BYTES = 1024 * 1024;
/** File systems record time in steps of some milliseconds: a newer file may change again with the same time. */
const UNSETTLED_MS = 50;

/**
 * Reads and checks the env file.
 * @throws SetupError when it is missing, unreadable, too large or not a file; everything else is in `problems` and `warnings`
 */
export async function readEnvFile(path: string): Promise<EnvFileContents> {
  try {
    const facts = checkedFacts(path, await stat(path));
    return contentsOf(path, facts, await readFile(path));
  } catch (error) {
    throw readError(path, error);
  }
}

/** The error of an env file in a folder that Sluice or a connector writes, or linked to one there. */
export function writtenEnvFile(path: string): SetupError {
  return new SetupError(
    'env_file_written',
    `The env file ${path} is a file that Sluice or a connector wrote: it is not read.`,
    'Keep it outside of the folders of the project: set AIRBYTE_MCP_ENV_FILE to another absolute path, and restart the server.',
  );
}

/** The same, synchronously, for the start of the process. */
export function readEnvFileSync(path: string): EnvFileContents {
  try {
    const facts = checkedFacts(path, statSync(path));
    return contentsOf(path, facts, readFileSync(path));
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * What `EnvFileContents.stamp` would be now; cheap enough for every call.
 * @throws SetupError when the file is missing or unreadable
 */
export async function envFileStamp(path: string): Promise<string> {
  try {
    return stampOf(checkedFacts(path, await stat(path)));
  } catch (error) {
    throw readError(path, error);
  }
}

function checkedFacts(path: string, facts: Stats): Stats {
  if (facts.isDirectory()) {
    throw new SetupError(
      'env_file_is_directory',
      `The env file ${path} is a directory.`,
      'Set AIRBYTE_MCP_ENV_FILE to the absolute path of the file itself, and restart the server.',
    );
  }
  if (!facts.isFile()) {
    throw new SetupError(
      'env_file_not_a_file',
      `The env file ${path} is not a regular file.`,
      'Set AIRBYTE_MCP_ENV_FILE to the absolute path of a regular file, and restart the server.',
    );
  }
  if (facts.size > MAX_BYTES) {
    throw new SetupError(
      'env_file_too_large',
      `The env file ${path} is larger than 1 MiB.`,
      'Check that AIRBYTE_MCP_ENV_FILE names the right file: an env file holds lines such as NAME=value.',
    );
  }
  return facts;
}

function readError(path: string, error: unknown): SetupError {
  if (error instanceof SetupError) return error;
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SetupError(
      'env_file_missing',
      `There is no env file at ${path}.`,
      `Create it (touch ${shellWord(path)} && chmod 600 ${shellWord(path)}), or set AIRBYTE_MCP_ENV_FILE to the right absolute path.`,
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new SetupError(
      'env_file_unreadable',
      `The env file ${path} cannot be read by this user.`,
      `Make it yours and readable: chown "$USER" ${shellWord(path)} && chmod 600 ${shellWord(path)}`,
    );
  }
  return new SetupError(
    'env_file_unreadable',
    `The env file ${path} cannot be read: the system answered ${code ?? 'with an unknown error'}.`,
    'Set AIRBYTE_MCP_ENV_FILE to the absolute path of a readable file.',
  );
}

function contentsOf(path: string, facts: Stats, bytes: Buffer): EnvFileContents {
  const readableBy = othersWhoRead(facts);
  const lines = decodeAndRead(path, bytes);
  const openWarning = readableBy
    ? [
        `${readableBy === 'everyone' ? 'Everyone on this machine' : 'Your group'} can read the env file ${path}: run chmod 600 ${shellWord(path)}`,
      ]
    : [];
  return {
    path,
    values: lines.values,
    problems: lines.problems,
    warnings: [...openWarning, ...lines.warnings],
    suspicions: new Map([...lines.oddities].map(([name, oddity]) => [name, suspicionOf(name, oddity)])),
    ...(readableBy ? { readableBy } : {}),
    stamp: stampOf(facts),
  };
}

function decodeAndRead(path: string, bytes: Buffer): EnvLines {
  const encoding = wrongEncoding(bytes);
  if (!encoding) return readEnvLines(path, new TextDecoder('utf-8').decode(bytes));
  const problem = {
    path,
    message: `The env file is ${encoding}, so none of its names can be used.`,
    fix: 'Save it again as UTF-8 (in an editor: "Save with encoding", UTF-8).',
  };
  return { values: new Map(), problems: [problem], warnings: [], oddities: new Map() };
}

function wrongEncoding(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16 and not UTF-8';
  const zeros = bytes.subarray(0, 400).filter((byte) => byte === 0).length;
  if (zeros > 0 && zeros * 4 > Math.min(bytes.length, 400)) return 'UTF-16 and not UTF-8';
  if (bytes.includes(0)) return 'a binary file and not text in UTF-8';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return 'not valid UTF-8';
  }
}

function othersWhoRead(facts: Stats): 'group' | 'everyone' | undefined {
  if (process.platform === 'win32') return undefined;
  if (facts.mode & 0o004) return 'everyone';
  return facts.mode & 0o040 ? 'group' : undefined;
}

function stampOf(facts: Stats): string {
  const now = Date.now();
  const settled = now - facts.mtimeMs > UNSETTLED_MS;
  return `${facts.mtimeMs}-${facts.ctimeMs}-${facts.size}-${facts.ino}${settled ? '' : `-read-${now}`}`;
}

function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
