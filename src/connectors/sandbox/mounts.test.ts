import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planMounts } from './mounts.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp('/var/tmp/sluice-mounts-');
  for (const name of ['data/in', 'data/deep/project/cache', 'data/deep/other', 'elsewhere']) {
    await mkdir(join(base, name), { recursive: true });
  }
  await writeFile(join(base, 'data', 'my.env'), '');
  await writeFile(join(base, 'data', 'a.csv'), '');
  await symlink(join(base, 'elsewhere'), join(base, 'data', 'link'));
});
afterEach(() => rm(base, { recursive: true }));

const hidden = (): string[] => [join(base, 'data', 'my.env'), join(base, 'data', 'deep', 'project')];
const at = (name: string): string => join(base, name);

describe('a folder that is opened', () => {
  it('is mounted as it is when nothing inside is protected', async () => {
    const plan = await planMounts([{ path: at('elsewhere') }, { path: at('data/in'), write: true }], hidden());
    expect(plan).toEqual({
      leftOut: [],
      mounts: [
        { kind: 'bind', source: at('elsewhere'), target: at('elsewhere'), write: false },
        { kind: 'bind', source: at('data/in'), target: at('data/in'), write: true },
      ],
    });
  });

  it('is taken apart around what is protected', async () => {
    const { mounts } = await planMounts([{ path: at('data') }], hidden());
    const shown = mounts.map((mount) => `${mount.kind} ${mount.target.slice(base.length + 1)}`).sort();
    expect(shown).toEqual([
      'bind data/a.csv',
      'bind data/deep/other',
      'bind data/in',
      'folder data',
      'folder data/deep',
      'link data/link',
    ]);
  });

  it('leaves its link to another folder that is opened there', async () => {
    const { mounts } = await planMounts([{ path: at('data') }, { path: at('data/link'), write: true }], hidden());
    expect(mounts.filter(({ kind }) => kind === 'link')).toEqual([]);
    expect(mounts.filter(({ kind, target }) => kind === 'bind' && target === at('data/link'))).toEqual([
      { kind: 'bind', source: at('elsewhere'), target: at('data/link'), write: true },
    ]);
  });

  it('is left out when it is protected, of the system, or not there', async () => {
    const paths = [at('data/my.env'), at('data/deep/project/cache'), '/proc/1/root', '/dev', at('nowhere')];
    const { mounts, leftOut } = await planMounts(
      paths.map((path) => ({ path })),
      hidden(),
    );
    expect(mounts).toEqual([]);
    expect(leftOut.map(({ path }) => path).sort()).toEqual([...paths].sort());
  });

  it('is left out when it holds what is protected among too many others', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, index) => writeFile(at(`data/${index}`), '')));
    const { mounts, leftOut } = await planMounts([{ path: at('data') }, { path: at('data/in') }], hidden());
    expect(mounts.map(({ target }) => target)).toEqual([at('data/in')]);
    expect(leftOut).toMatchObject([{ path: at('data'), reason: expect.stringContaining('more than 500') }]);
  });

  it('is visible at a link and at its target', async () => {
    await symlink(at('data/in'), at('short'));
    const { mounts } = await planMounts([{ path: at('short') }], hidden());
    expect(mounts.map(({ target }) => target).sort()).toEqual([at('data/in'), at('short')]);
  });

  it('is left out when it is a link out of a folder that connectors may write', async () => {
    await mkdir(at('out'));
    await symlink(at('data/in'), at('out/planted'));
    const { mounts, leftOut } = await planMounts(
      [{ path: at('out'), write: true }, { path: at('out/planted') }],
      hidden(),
    );
    expect(mounts.map(({ target }) => target)).toEqual([at('out')]);
    expect(leftOut).toMatchObject([
      { path: at('out/planted'), reason: expect.stringContaining('connectors may write') },
    ]);
  });

  it('may be the entire machine, without protected paths', async () => {
    const { mounts } = await planMounts([{ path: '/' }], hidden());
    const targets = mounts.map(({ target }) => target);
    expect(targets).toContain('/usr');
    expect(targets).toContain(at('data/in'));
    expect(targets.filter((target) => /^\/(proc|dev|sys)(\/|$)/.test(target))).toEqual([]);
    expect(
      targets.filter((target) => hidden().some((path) => target === path || path.startsWith(`${target}/`))),
    ).toEqual(mounts.flatMap((mount) => (mount.kind === 'folder' ? [mount.target] : [])));
  });
});
