/** Checks before the start whether a file can be run: a shell's own error message would not help the reader. */
import { access, constants, open } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { SetupError, systemCode } from '../../errors.ts';

/** The first bytes of programs of Linux and macOS. */
const MAGIC = ['7f454c46', 'cffaedfe', 'cefaedfe', 'feedfacf', 'feedface', 'cafebabe'];

/** @throws SetupError `program_not_startable` with the reason */
export async function checkProgram(program: string): Promise<void> {
  if (!isAbsolute(program)) return;
  const code = await access(program, constants.X_OK).then(() => interpreterProblem(program), codeOf);
  if (code !== undefined) throw startError(program, code);
}

/** A file that cannot be read, only executed, is taken for a program. */
async function interpreterProblem(program: string): Promise<string | undefined> {
  const start = await firstBytes(program).catch(() => undefined);
  if (start === undefined || MAGIC.includes(start.subarray(0, 4).toString('hex'))) return undefined;
  const interpreter = /^#![ \t]*(\S+)/.exec(start.toString('latin1'))?.[1];
  if (interpreter === undefined) return 'ENOEXEC';
  return access(interpreter, constants.X_OK).then(() => undefined, codeOf);
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return systemCode(error) ?? 'unknown';
}

export function startError(program: string, code: string): SetupError {
  const reason =
    code === 'ENOENT'
      ? 'it, or the interpreter that its first line names, does not exist'
      : code === 'EACCES'
        ? 'it is not executable for this user'
        : code === 'ENOEXEC'
          ? 'it is not a program for this machine, and its first line names no interpreter'
          : `the system answered ${code}`;
  return new SetupError(
    'program_not_startable',
    `${program} could not be started: ${reason}.`,
    'Correct what is said (chmod +x, the interpreter in its first line), or install the connector again.',
  );
}
