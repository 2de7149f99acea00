/** A launchd agent: one property list under the user's library, and `launchctl`. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homeDirectory } from '../../config/index.ts';
import { SetupError } from '../../errors.ts';
import { type AskTool, type Job, type Noted, noteOf, readNote, type Scheduler } from './job.ts';
import { toLaunchd } from './when.ts';

const PREFIX = 'com.sluice-mcp.sync.';
const MARK = /<!-- sluice-mcp: (.*) -->/;

export function launchd(ask: AskTool): Scheduler {
  const folder = join(homeDirectory(), 'Library', 'LaunchAgents');
  const path = (id: string): string => join(folder, `${PREFIX}${id}.plist`);
  const domain = `gui/${process.getuid?.() ?? ''}`;
  const control = async (...args: string[]): Promise<void> => {
    const { succeeded, stderr } = await ask('launchctl', args);
    if (!succeeded)
      throw new SetupError(
        'scheduler_failed',
        `launchctl ${args.join(' ')} failed: ${stderr.slice(0, 500)}`,
        'Correct what it says, or use --with crontab.',
      );
  };
  return {
    name: 'launchd',
    isAvailable: async () => process.platform === 'darwin' && (await ask('launchctl', ['version'])).succeeded,
    async list() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(PREFIX));
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
      return texts.flatMap((text): Noted[] => {
        const note = readNote(fromXml(MARK.exec(text)?.[1] ?? ''));
        return note ? [note] : [];
      });
    },
    async plan(job) {
      const text = propertyList(job);
      const load = ['bootstrap', domain, path(job.id)];
      return {
        steps: [`write ${path(job.id)}:\n${text}`, `run launchctl ${load.join(' ')}`],
        async carryOut() {
          await mkdir(folder, { recursive: true });
          await ask('launchctl', ['bootout', `${domain}/${PREFIX}${job.id}`]);
          await writeFile(path(job.id), text, { mode: 0o600 });
          await control(...load).catch(async (error: unknown) => {
            await rm(path(job.id), { force: true });
            throw error;
          });
        },
      };
    },
    async planRemoval({ id }) {
      return {
        steps: [`run launchctl bootout ${domain}/${PREFIX}${id}`, `remove ${path(id)}`],
        async carryOut() {
          // An agent that is not loaded any more leaves its file alone.
          await ask('launchctl', ['bootout', `${domain}/${PREFIX}${id}`]);
          await rm(path(id), { force: true });
        },
      };
    },
  };
}

/** The text of the agent; a function of the job alone. */
export function propertyList(job: Job): string {
  const when = toLaunchd(job.when);
  const text = (value: string): string => `<string>${xml(value)}</string>`;
  const moments = 'moments' in when ? when.moments : [];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    `<!-- sluice-mcp: ${xml(noteOf(job)).replaceAll('--', '&#45;&#45;')} -->`,
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key>${text(`${PREFIX}${job.id}`)}`,
    `  <key>ProgramArguments</key><array>${job.command.map(text).join('')}</array>`,
    ...('seconds' in when
      ? [`  <key>StartInterval</key><integer>${when.seconds}</integer>`]
      : [
          '  <key>StartCalendarInterval</key><array>',
          ...moments.map(
            (moment) =>
              `    <dict>${Object.entries(moment)
                .map(([key, value]) => `<key>${key}</key><integer>${value}</integer>`)
                .join('')}</dict>`,
          ),
          '  </array>',
        ]),
    `  <key>StandardOutPath</key>${text(job.log)}`,
    `  <key>StandardErrorPath</key>${text(job.log)}`,
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function fromXml(text: string): string {
  return text.replaceAll('&#45;', '-').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
