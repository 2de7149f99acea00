/** A systemd user timer: two unit files under the user's configuration, and `systemctl --user`. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { homeDirectory } from '../../config/index.ts';
import { SetupError } from '../../errors.ts';
import { type AskTool, type Job, type Noted, noteOf, readNote, type Scheduler } from './job.ts';
import { toSystemd, whenText } from './when.ts';

const MARK = '# sluice-mcp: ';
const PREFIX = 'sluice-sync-';

export function systemd(ask: AskTool): Scheduler {
  const { XDG_CONFIG_HOME: own = '' } = process.env;
  const folder = join(isAbsolute(own) ? own : join(homeDirectory(), '.config'), 'systemd', 'user');
  const unit = (id: string, kind: 'service' | 'timer'): string => `${PREFIX}${id}.${kind}`;
  const path = (id: string, kind: 'service' | 'timer'): string => join(folder, unit(id, kind));
  const control = async (...args: string[]): Promise<void> => {
    const { succeeded, stderr } = await ask('systemctl', ['--user', ...args]);
    if (!succeeded)
      throw new SetupError(
        'scheduler_failed',
        `systemctl --user ${args.join(' ')} failed: ${stderr.slice(0, 500)}`,
        'Correct what it says, or use --with crontab.',
      );
  };
  const remove = async (id: string): Promise<void> => {
    await Promise.all([rm(path(id, 'timer'), { force: true }), rm(path(id, 'service'), { force: true })]);
    await control('daemon-reload');
  };
  return {
    name: 'systemd',
    note: 'A user timer runs while you are logged in; to let it run always: loginctl enable-linger.',
    isAvailable: async () => (await ask('systemctl', ['--user', 'show-environment'])).succeeded,
    async list() {
      const names = (await readdir(folder).catch(() => [])).filter(
        (name) => name.startsWith(PREFIX) && name.endsWith('.timer'),
      );
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
      return texts.flatMap((text): Noted[] => {
        const line = text.split('\n').find((one) => one.startsWith(MARK));
        const note = readNote(line?.slice(MARK.length) ?? '');
        return note ? [note] : [];
      });
    },
    async plan(job) {
      const files = [
        [path(job.id, 'service'), serviceText(job)],
        [path(job.id, 'timer'), timerText(job)],
      ] as const;
      const enable = ['enable', '--now', unit(job.id, 'timer')];
      return {
        steps: [
          ...files.map(([file, text]) => `write ${file}:\n${text}`),
          `run systemctl --user daemon-reload`,
          `run systemctl --user ${enable.join(' ')}`,
        ],
        async carryOut() {
          await mkdir(dirname(files[0][0]), { recursive: true });
          for (const [file, text] of files) await writeFile(file, text, { mode: 0o600 });
          try {
            await control('daemon-reload');
            await control(...enable);
          } catch (error) {
            await remove(job.id).catch(() => {});
            throw error;
          }
        },
      };
    },
    async planRemoval({ id }) {
      const disable = ['disable', '--now', unit(id, 'timer')];
      return {
        steps: [
          `run systemctl --user ${disable.join(' ')}`,
          `remove ${path(id, 'timer')} and ${path(id, 'service')}`,
          'run systemctl --user daemon-reload',
        ],
        async carryOut() {
          await control(...disable);
          await remove(id);
        },
      };
    },
  };
}

function serviceText({ source, command }: Job): string {
  return [
    '[Unit]',
    `Description=Sluice: sync ${source}`,
    '',
    '[Service]',
    'Type=oneshot',
    `ExecStart=${command.map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

function timerText(job: Job): string {
  return [
    `${MARK}${noteOf(job)}`,
    '[Unit]',
    `Description=Sluice: sync ${job.source} ${whenText(job.when)}`,
    '',
    '[Timer]',
    ...toSystemd(job.when),
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n');
}

/** systemd splits at blanks, and expands % and $. */
function quoted(word: string): string {
  return `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}
