/** An entry of the user's crontab: a marked line above a command; all other lines are unchanged. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { type AskTool, type Job, type Noted, noteOf, readNote, type Scheduler } from './job.ts';
import { toCron } from './when.ts';

const MARK = '# sluice-mcp: ';

export function crontab(ask: AskTool): Scheduler {
  /** @throws SetupError if it cannot be read: it must not be mistaken for an empty one and overwritten */
  const read = async (): Promise<string> => {
    const { succeeded, stdout, stderr } = await ask('crontab', ['-l']);
    if (succeeded) return stdout === '' ? '' : `${stdout.replace(/\n+$/, '')}\n`;
    if (/no crontab for/i.test(stderr)) return '';
    throw new SetupError(
      'scheduler_failed',
      `The crontab cannot be read: ${stderr.slice(0, 500)}`,
      'Correct what it says: crontab -l shows it.',
    );
  };
  const write = async (text: string): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-crontab-'));
    try {
      const file = join(folder, 'crontab');
      await writeFile(file, text, { mode: 0o600 });
      const { succeeded, stderr } = text === '' ? await ask('crontab', ['-r']) : await ask('crontab', [file]);
      if (!succeeded)
        throw new SetupError(
          'scheduler_failed',
          `The crontab cannot be written: ${stderr.slice(0, 500)}`,
          'Correct what it says; the old one is as it was.',
        );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return {
    name: 'crontab',
    note: "cron's own daemon must run; it mails or drops what goes wrong, and the sync's output is in the log.",
    isAvailable: async () => {
      const { succeeded, stderr } = await ask('crontab', ['-l']);
      return succeeded || /no crontab for/i.test(stderr);
    },
    list: async () => entriesIn(await read()),
    async plan(job) {
      const entry = [`${MARK}${noteOf(job)}`, entryLine(job)];
      return {
        steps: [`add to the crontab:\n${entry.join('\n')}`],
        carryOut: async () => write(`${without(await read(), job.id)}${entry.join('\n')}\n`),
      };
    },
    async planRemoval({ id }) {
      return {
        steps: [`take the two lines of ${id} out of the crontab`],
        carryOut: async () => write(without(await read(), id)),
      };
    },
  };
}

function entriesIn(text: string): Noted[] {
  return text.split('\n').flatMap((line) => noteIn(line) ?? []);
}

function noteIn(line: string): Noted | undefined {
  return line.startsWith(MARK) ? readNote(line.slice(MARK.length)) : undefined;
}

/** The crontab without a job's marked line and the one below it. */
function without(text: string, id: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => noteIn(line)?.id === id);
  if (at >= 0) lines.splice(at, 2);
  return lines.join('\n');
}

function entryLine({ when, command, log }: Job): string {
  // In a crontab a % ends the command.
  const line = [...command.map(quoted), '>>', quoted(log), '2>&1'].join(' ').replaceAll('%', '\\%');
  return `${toCron(when)} ${line}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
