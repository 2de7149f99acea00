import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open, ref, resolve, useVaultContext, vaultPaths } from '../vault/vault-context.fixture.ts';

useVaultContext();

describe('layers', () => {
  const write = (name: string, text: string): string => {
    const path = join(vaultPaths.folder, 'project', name);
    writeFileSync(path, text);
    return path;
  };

  it('lays file, config and secret over each other, key by key', async () => {
    const configFile = write(
      'c.yaml',
      `host: file.example.com\nport: 1\ndebug: true\ncredentials: {auth: user, password: from-the-file}\n`,
    );
    const { value, problems } = await resolve({
      configFile,
      config: { port: 2, host: 'config.example.com', credentials: { user: 'me' } },
      configSecret: 'WHOLE',
    });
    expect(problems).toEqual([]);
    expect(value).toEqual({
      host: 'whole.example.com',
      port: 2,
      debug: true,
      credentials: { auth: 'key', user: 'me', password: 'from-the-file', api_key: 'whole-key-value' },
    });
  });

  it('redacts secret fields of a file and of a secret, and accepts references in them', async () => {
    const configFile = write(
      'c.json',
      JSON.stringify({
        tokens: ['token-in-the-file', ref('API_KEY')],
        host: 'plain.example.com',
        account_id: 'account-in-file',
        options: { 'X-Token': 'header-in-file' },
      }),
    );
    const vault = open();
    const { value } = await resolve({ configFile, configSecret: 'WHOLE' }, vault, new Set(['account_id']));
    expect(value.tokens).toEqual(['token-in-the-file', 'key-value-123456']);
    const redact = (text: string): string => vault.redactor.redact(text, 'data');
    expect(redact('token-in-the-file')).toBe('[secret:config_file.tokens_0_]');
    expect(redact('whole-key-value')).toBe('[secret:WHOLE]');
    expect(redact('account-in-file header-in-file')).not.toContain('in-file');
    expect(redact('plain.example.com whole.example.com')).toBe('plain.example.com whole.example.com');
  });

  it('reads YAML from a secret, and reports only the position of a mistake', async () => {
    expect((await resolve({ configSecret: 'YAML' })).value).toEqual({ host: 'yaml.example.com' });
    const broken = await resolve({
      configSecret: 'BROKEN',
      configFile: write('b.yaml', 'ok: 1\npassword: "my-literal-secret\n'),
    });
    expect(broken.paths.sort()).toEqual(['config_file', 'config_secret']);
    expect(broken.problems.map(({ message }) => message).sort()).toEqual([
      expect.stringMatching(/b\.yaml is not valid YAML or JSON: line \d+\.$/),
      'The secret BROKEN does not hold a configuration.',
    ]);
    expect(broken.printed).not.toMatch(/two-three|my-literal/);
    for (const text of ['just text', '[1, 2]', '', 'a: *b', 'a: 1\na: 2', `x: &x [1]\ny: [${'*x, '.repeat(200)}]`]) {
      expect((await resolve({ configFile: write('odd.yaml', text) })).paths, text).toEqual(['config_file']);
    }
  });

  it('refuses files from elsewhere, the env file under any name, and paths that are not files', async () => {
    const outside = join(vaultPaths.folder, 'outside.yaml');
    writeFileSync(outside, 'host: x');
    symlinkSync(outside, join(vaultPaths.folder, 'project', 'link.yaml'));
    linkSync(vaultPaths.envPath, join(vaultPaths.folder, 'project', 'hard.yaml'));
    writeFileSync(join(vaultPaths.folder, 'project', 'runs', 'config.json'), '{}');
    const at = (path: string): string => join(vaultPaths.folder, 'project', path);
    for (const [path, word] of [
      [outside, 'not a file in the folders'],
      [at('../outside.yaml'), 'not a file in the folders'],
      [at('link.yaml'), 'not a file in the folders'],
      [at('hard.yaml'), 'the env file'],
      [at('runs/config.json'), 'that Sluice or a connector wrote'],
      [at('runs'), 'not a file'],
      [at('none.yaml'), 'not a file in the folders'],
      ['c.yaml', 'not absolute'],
      ['~/c.yaml', 'not absolute'],
      [write('large.yaml', `a: ${'x'.repeat(1024 * 1024)}`), 'larger'],
    ] as const) {
      const { problems, printed } = await resolve({ configFile: path });
      expect(problems, path).toHaveLength(1);
      expect(problems[0]?.message, path).toContain(word);
      expect(printed).not.toContain('key-value');
    }
    const allowed = open({ configDirectories: [vaultPaths.folder] });
    expect((await resolve({ configFile: outside }, allowed)).value).toEqual({ host: 'x' });
    expect((await resolve({ configFile: vaultPaths.envPath }, allowed)).problems[0]?.message).toContain('never read');
  });

  it('refuses a configuration from a setting, an unknown and an empty secret', async () => {
    for (const name of ['AIRBYTE_CLOUD_CLIENT_SECRET', 'WHOL', 'EMPTY']) {
      const { problems, value } = await resolve({ configSecret: name });
      expect(problems).toMatchObject([{ path: 'config_secret' }]);
      expect(value).toEqual({});
    }
    expect((await resolve({ configSecret: 'WHOL' })).problems[0]?.fix).toContain('WHOLE');
  });
});
