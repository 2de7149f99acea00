/** Syncs without an assistant: what is scheduled is shown, asked for, written, listed and undone cleanly. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { saveLocal } from '../harness/local-source.ts';
import { testWith } from '../harness/requirements.ts';
import { type Ended, startTyped } from '../harness/terminal.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

/** As cron's own program: `-l`, `-r` and a file. */
const CRONTAB = `#!/bin/sh
tab="$HOME/tab"
case "$1" in
  -l) [ -f "$tab" ] && exec cat "$tab"; echo "no crontab for somebody" >&2; exit 1 ;;
  -r) exec rm -f "$tab" ;;
  *) exec cp "$1" "$tab" ;;
esac
`;
/** A fake systemctl that records its calls. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$HOME/systemctl.log"
[ -f "$HOME/fail" ] && [ "$2" = enable ] && { echo "no such bus" >&2; exit 1; }
exit 0
`;

let workplace: Workplace;
let programs: string;
beforeEach(async () => {
  workplace = await makeWorkplace();
  programs = join(workplace.directory, 'programs');
  await mkdir(programs);
  const config = { api_key: 'secret_reference::MEADOW_API_KEY' };
  await saveLocal(workplace, 'source', {
    name: 'shop',
    connector: MEADOW,
    version: 'local',
    runtime: 'executable',
    config,
  });
});
afterEach(() => workplace.remove());

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(programs, name), text);
  await chmod(join(programs, name), 0o755);
}
/** With the programs of the test and the shell's own, none of this machine's schedulers. */
async function schedule(...args: string[]): Promise<Ended> {
  for (const name of ['cat', 'rm', 'cp', 'sh']) {
    if (!existsSync(join(programs, name))) await program(name, `#!/bin/sh\nexec /bin/${name} "$@"\n`);
  }
  // A relative folder of configurations counts as none.
  const environment = { ...workplace.environment, PATH: programs, XDG_CONFIG_HOME: 'relative' };
  return startTyped(workplace, ['schedule', ...args], environment).ended;
}
const tab = (): Promise<string> => readFile(join(workplace.directory, 'tab'), 'utf8').catch(() => '');

test('a crontab entry is shown first, added to the existing ones on --yes, listed, replaced and removed', async () => {
  await program('crontab', CRONTAB);
  const own = '# mine\n5 4 * * * /bin/true\n';
  await writeFile(join(workplace.directory, 'tab'), own);

  const asked = await schedule('shop', '--every', '1h');
  expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(asked.err).toContain('0 */1 * * * ');
  expect(await tab()).toBe(own);

  const done = await schedule('shop', '--every', '1h', '--yes');
  expect(done, done.err).toMatchObject({ code: 0, out: expect.stringContaining('Scheduled: shop every 1h') });
  const written = await tab();
  expect(written.startsWith(own)).toBe(true);
  const line = written.split('\n').find((one) => one.includes(' sync shop ')) ?? '';
  expect(line).toContain(`--project-dir ${workplace.project}`);
  expect(line).toContain(`--env-file ${workplace.envFile}`);

  // What cron would run does the sync.
  spawnSync('/bin/sh', ['-c', line.replace(/^(\S+ ){5}/, '')], {
    env: { HOME: workplace.directory, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...workplace.environment },
  });
  const log = await readFile(join(workplace.project, 'logs', 'schedule-shop.log'), 'utf8');
  expect(log).toContain('shop: complete');

  expect((await schedule('shop', '--cron', '30 6 * * 1-5', '--yes')).code).toBe(0);
  expect((await tab()).match(/ sync shop /g)).toHaveLength(1);
  expect((await schedule('list')).out).toContain('shop: by cron "30 6 * * 1-5", by crontab');
  expect(JSON.parse((await schedule('list', '--json')).out)).toMatchObject([{ source: 'shop', scheduler: 'crontab' }]);

  expect((await schedule('remove', 'shop', '--yes')).code).toBe(0);
  expect(await tab()).toBe(own);
  expect(await schedule('remove', 'shop', '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('not scheduled'),
  });
});

test('a systemd user timer is written, and leaves nothing', async () => {
  await program('systemctl', SYSTEMCTL);
  const units = join(workplace.directory, '.config', 'systemd', 'user');
  expect((await schedule('shop', '--cron', '*/15 8-18 * * 1-5', '--yes')).code).toBe(0);
  const names = (await readdir(units)).sort();
  expect(names).toEqual([
    expect.stringMatching(/^sluice-sync-shop-[0-9a-f]{8}\.service$/),
    expect.stringMatching(/\.timer$/),
  ]);
  expect(await readFile(join(workplace.directory, 'systemctl.log'), 'utf8')).toContain('enable --now sluice-sync-shop');
  expect((await schedule('list')).out).toContain('by systemd');
  expect((await schedule('remove', 'shop', '--yes')).code).toBe(0);
  expect(await readdir(units)).toEqual([]);

  await writeFile(join(workplace.directory, 'fail'), '');
  const failed = await schedule('shop', '--every', '1h', '--yes');
  expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('no such bus') });
  expect(await readdir(units)).toEqual([]);
});

testWith(['systemd'], 'systemd itself finds nothing wrong with the timer', async () => {
  await program('systemctl', SYSTEMCTL);
  const units = join(workplace.directory, '.config', 'systemd', 'user');
  expect((await schedule('shop', '--cron', '*/15 8-18 * * 1-5', '--yes')).code).toBe(0);
  const paths = (await readdir(units)).map((name) => join(units, name));
  execFileSync('systemd-analyze', ['verify', ...paths], { stdio: 'pipe' });
});

test('without a scheduler the error names the line to run, and an unknown source is refused', async () => {
  expect(await schedule('shop', '--every', '1h', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('sync shop'),
  });
  expect(await schedule('shpo', '--every', '1h', '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('shop'),
  });
  expect(await schedule('shop', '--every', 'often')).toMatchObject({ code: 2 });
});
