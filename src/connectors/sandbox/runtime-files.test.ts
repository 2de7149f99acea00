import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runtimeFiles } from './runtime-files.ts';

let home: string;
beforeEach(async () => {
  home = await realpath(await mkdtemp('/var/tmp/sluice-home-'));
});
afterEach(() => rm(home, { recursive: true }));

const at = (name: string): string => join(home, name);
async function program(name: string, text?: string): Promise<string> {
  await mkdir(dirname(at(name)), { recursive: true });
  if (text === undefined) await copyFile('/bin/true', at(name));
  else await writeFile(at(name), text, { mode: 0o755 });
  return at(name);
}
async function link(name: string, target: string): Promise<void> {
  await mkdir(dirname(at(name)), { recursive: true });
  await symlink(target, at(name));
}
const filesOf = (path: string, more: { allowed?: string[]; PATH?: string } = {}) =>
  runtimeFiles(path, {
    project: at('project'),
    connectors: at('project/connectors'),
    executableDirectories: more.allowed ?? [],
    environment: { HOME: home, PATH: more.PATH ?? '' },
  });

describe('an installed connector', () => {
  const VENV = 'project/connectors/source-a/1.0.0/venv';
  const installed = async (): Promise<string> =>
    program(`${VENV}/bin/source-a`, `#!${at(VENV)}/bin/python\nimport source_a\n`);

  it('has its own folder and the interpreter of a version manager, and no more of the home', async () => {
    await program('.pyenv/versions/3.11.7/bin/python3.11');
    await link(`${VENV}/bin/python`, 'python3.11');
    await link(`${VENV}/bin/python3.11`, at('.pyenv/versions/3.11.7/bin/python3.11'));
    const { own, others } = await filesOf(await installed());
    expect(own).toEqual([at('project/connectors/source-a/1.0.0')]);
    expect(others.filter((path) => !path.startsWith(at('project')))).toEqual([at('.pyenv/versions/3.11.7/bin')]);
  });

  it('has each step of the links that lead to its interpreter', async () => {
    await program('.local/share/uv/python/cpython-3.11.9-linux/bin/python3.11');
    await link('.local/share/uv/python/cpython-3.11-linux', at('.local/share/uv/python/cpython-3.11.9-linux'));
    await link(`${VENV}/bin/python`, at('.local/share/uv/python/cpython-3.11-linux/bin/python3.11'));
    const { others } = await filesOf(await installed());
    expect(others).toContain(at('.local/share/uv/python/cpython-3.11-linux/bin'));
    expect(others).toContain(at('.local/share/uv/python/cpython-3.11.9-linux/bin'));
    expect(others).not.toContain(at('.local/share/uv/python'));
  });

  it('has only the folders for programs and libraries if the prefix is the home', async () => {
    await program('bin/python3');
    await mkdir(at('lib'));
    await mkdir(at('papers'));
    await link(`${VENV}/bin/python`, at('bin/python3'));
    const { others } = await filesOf(await installed());
    expect(others).toContain(at('bin'));
    expect(others).toContain(at('lib'));
    expect(others).not.toContain(home);
  });

  it('needs nothing besides the system for the system’s own interpreter', async () => {
    await link(`${VENV}/bin/python`, '/usr/bin/python3');
    const { others } = await filesOf(await installed());
    expect(others.filter((path) => !path.startsWith(at('project')))).toEqual([]);
  });
});

describe('a program of the user’s own', () => {
  it('has the folder that is allowed, but not the home', async () => {
    const path = await program('work/connector/bin/source-b', '#!/bin/sh\n');
    expect(await filesOf(path, { allowed: [at('work/connector')] })).toEqual({
      own: [],
      others: [at('work/connector')],
    });
    expect(await filesOf(path, { allowed: [home] })).toEqual({ own: [], others: [at('work/connector/bin')] });
    const alone = await program('source-c', '#!/bin/sh\n');
    expect(await filesOf(alone, { allowed: [home] })).toEqual({ own: [], others: [alone] });
  });

  it('has the interpreter that env would find, past the scripts of version managers', async () => {
    await program('.pyenv/shims/python3', '#!/bin/sh\nexec pyenv exec python3 "$@"\n');
    await program('.pyenv/versions/3.12.1/bin/python3');
    const path = await program('work/source-d', '#!/usr/bin/env -S python3 -u\n');
    const PATH = `${at('.pyenv/shims')}:${at('.pyenv/versions/3.12.1/bin')}:/usr/bin`;
    const { others } = await filesOf(path, { allowed: [at('work')], PATH });
    expect(others).toEqual([at('work'), at('.pyenv/versions/3.12.1/bin')]);
  });

  it('has of Node its one file', async () => {
    await program('.nvm/versions/node/v22/bin/node');
    const path = await program('work/source-e', '#!/usr/bin/env node\n');
    const { others } = await filesOf(path, { allowed: [at('work')], PATH: at('.nvm/versions/node/v22/bin') });
    expect(others).toEqual([at('work'), at('.nvm/versions/node/v22/bin/node')]);
  });
});

describe('a first line, which is the connector’s own text,', () => {
  const SECRET = '.ssh/keys/id_ed25519';
  const lines = (): string[] => [
    `#!${at(SECRET)}`,
    `#!${at('.ssh/keys')}/../keys/id_ed25519`,
    `#!/usr/bin/env ${at(SECRET)}`,
    `#!/usr/bin/env -S -u ${at(SECRET)} node`,
    `#!/usr/bin/env -S A=${at(SECRET)} ${at(SECRET)}`,
    `#!/usr/bin/env .ssh/keys/id_ed25519`,
    `#!${at('documents/bin/python3')}`,
    `#!${at('documents/bin/node')}`,
  ];
  beforeEach(async () => {
    await program(SECRET, '-----BEGIN KEY-----');
    await program('documents/bin/python3', '#!/bin/sh\n');
    await program('documents/bin/node', 'a letter');
    await program('documents/lib/letter.txt', 'a letter');
  });

  it('opens nothing of the person’s, in a program of the user’s own', async () => {
    for (const line of lines()) {
      const path = await program('work/source-f', `${line}\n`);
      expect(await filesOf(path, { allowed: [at('work')] }), line).toEqual({ own: [], others: [at('work')] });
    }
  });

  it('opens nothing of the person’s, in an installed script', async () => {
    const folder = 'project/connectors/source-g/1.0.0';
    await link(`${folder}/venv/bin/python`, '/usr/bin/python3');
    for (const line of lines()) {
      const { others } = await filesOf(await program(`${folder}/venv/bin/source-g`, `${line}\n`));
      expect(
        others.filter((path) => !path.startsWith(at('project'))),
        line,
      ).toEqual([]);
    }
  });

  it('opens a program by its path as that one file', async () => {
    await program('tools/bin/runner');
    const path = await program('work/source-h', `#!${at('tools/bin/runner')}\n`);
    const { others } = await filesOf(path, { allowed: [at('work')] });
    expect(others).toEqual([at('work'), at('tools/bin/runner')]);
  });

  it('opens only the program inside the project, for any allowed folder', async () => {
    const path = await program('project/source-i', '#!/bin/sh\n');
    expect(await filesOf(path, { allowed: [at('project')] })).toEqual({ own: [path], others: [] });
  });
});
