/** The real binary as a person or cron runs it: its input, its output, and how it exited. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { BINARY, type Workplace } from './workplace.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Typed {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What came so far. */
  out(): string;
  err(): string;
  readonly ended: Promise<Ended>;
}

/** Starts `sluice-mcp` with these words, in pipes and with nothing set but what is given; stdin is closed. */
export function startTyped(
  workplace: Workplace,
  args: readonly string[],
  environment: Record<string, string> = {},
): Typed {
  const typed = startProgram(workplace, [process.execPath, BINARY, ...args], environment);
  typed.child.stdin.end();
  return typed;
}

/** The same on a terminal of its own, by util-linux's `script`: all that is shown comes to `out`, and what is
 * written to the child's stdin is typed there. */
export function startOnTerminal(
  workplace: Workplace,
  args: readonly string[],
  environment: Record<string, string> = {},
): Typed {
  const command = [process.execPath, BINARY, ...args].map((word) => `'${word}'`).join(' ');
  return startProgram(workplace, ['script', '-qefc', command, '/dev/null'], { TERM: 'xterm', ...environment });
}

/** Any program, as a person would start it. */
export function startProgram(
  workplace: Workplace,
  [program = '', ...args]: readonly string[],
  environment: Record<string, string>,
): Typed {
  const env = { PATH: process.env.PATH ?? '', HOME: workplace.directory, ...environment };
  const child = spawn(program, args, { env, cwd: workplace.directory, stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
  return { child, out: () => out, err: () => err, ended };
}
