import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createVault } from './vault.ts';
import { open, ref, resolve, settings, useVaultContext, vaultPaths } from './vault-context.fixture.ts';

useVaultContext();

describe('list and status', () => {
  it('lists names, sorted, with their kinds and never a value', async () => {
    const list = await open().list();
    const kinds = Object.fromEntries(list.map(({ name, kind, set }) => [name, set ? kind : `${kind}, empty`]));
    expect(kinds).toEqual({
      AIRBYTE_CLOUD_CLIENT_SECRET: 'setting',
      AIRBYTE_PROJECT_DIR: 'setting',
      API_KEY: 'sensitive',
      BROKEN: 'plain',
      EMPTY: 'plain, empty',
      FLAG: 'plain',
      HOST: 'plain',
      LIST: 'plain',
      NULLS: 'plain',
      OPAQUE: 'plain',
      PEM: 'sensitive',
      PIN_CODE: 'plain',
      PORT: 'plain',
      SERVICE: 'sensitive',
      SHORT_TOKEN: 'sensitive',
      STRIPE_API_KEY: 'sensitive',
      WHOLE: 'plain',
      YAML: 'plain',
    });
    expect(list.map(({ name }) => name)).toEqual(list.map(({ name }) => name).sort());
    expect(Object.keys(list[0] ?? {}).sort()).toEqual(['kind', 'name', 'set', 'store']);
  });

  it('lets a person overrule the rule', async () => {
    const list = await open({ sensitiveNames: ['HOST'], plainNames: ['API_KEY', 'HOST'] }).list();
    expect(list.find(({ name }) => name === 'HOST')?.kind).toBe('sensitive');
    expect(list.find(({ name }) => name === 'API_KEY')?.kind).toBe('plain');
  });

  it('knows the values of the start before the first call, settings and process environment included', () => {
    const vault = open({}, { environment: new Map([['AIRBYTE_CLOUD_BEARER_TOKEN', 'bearer-value-1']]) });
    const redacted = vault.redactor.redact(
      'key-value-123456 cloud-secret-value bearer-value-1 /some/where/project',
      'text',
    );
    expect(redacted).toBe(
      '[secret:API_KEY] [secret:AIRBYTE_CLOUD_CLIENT_SECRET] [secret:AIRBYTE_CLOUD_BEARER_TOKEN] /some/where/project',
    );
  });

  it('reads a changed file again, keeps old values redacted, and reports changed settings', async () => {
    const vault = open();
    expect((await vault.status()).changedSettings).toEqual([]);
    writeFileSync(vaultPaths.envPath, 'API_KEY=the-new-value\nAIRBYTE_PROJECT_DIR=/else\n');
    expect((await vault.list()).map(({ name }) => name)).toEqual(['AIRBYTE_PROJECT_DIR', 'API_KEY']);
    expect(vault.redactor.redact('key-value-123456 the-new-value', 'data')).toBe('[secret:API_KEY] [secret:API_KEY]');
    expect((await vault.status()).changedSettings).toEqual(['AIRBYTE_CLOUD_CLIENT_SECRET', 'AIRBYTE_PROJECT_DIR']);
  });

  it('reports what is wrong with the file, and serves nothing from a removed file', async () => {
    const vault = open();
    expect(await vault.status()).toMatchObject({
      envFile: { path: vaultPaths.envPath, readable: true },
      problems: [],
      tooShort: ['SHORT_TOKEN'],
      guessable: [],
    });
    rmSync(vaultPaths.envPath);
    expect(await vault.status()).toMatchObject({
      envFile: { readable: false },
      problems: [{ message: expect.stringContaining(vaultPaths.envPath) }],
    });
    expect(await vault.list()).toEqual([]);
    const { problems } = await resolve({ config: { host: ref('HOST') } }, vault);
    expect(problems.map(({ path }) => path)).toEqual(['host', 'AIRBYTE_MCP_ENV_FILE']);
    writeFileSync(vaultPaths.envPath, 'HOST=back.example.com');
    expect((await resolve({ config: { host: ref('HOST') } }, vault)).value).toEqual({ host: 'back.example.com' });
  });

  it('works without an env file, and reports why there is none', async () => {
    const problem = { path: 'AIRBYTE_MCP_ENV_FILE', message: 'relative', fix: 'absolute' };
    const vault = createVault({ settings: settings({ envFile: { origin: 'environment', problem } }) });
    expect(await vault.list()).toEqual([]);
    expect((await vault.status()).problems).toEqual([problem]);
    expect((await resolve({ config: { host: ref('HOST') } }, vault)).problems).toContainEqual(problem);
  });

  it('merges other stores below the env file, and survives one that fails', async () => {
    const good = {
      store: 'keychain' as const,
      read: async () =>
        new Map([
          ['HOST', 'other.example.com'],
          ['CHAIN_TOKEN', 'chain-value-1'],
        ]),
    };
    const bad = { store: 'keychain' as const, read: () => Promise.reject(new Error('chain-value-2')) };
    const vault = open({}, { stores: [good, bad] });
    const { value } = await resolve({ config: { host: ref('HOST'), tokens: [ref('CHAIN_TOKEN')] } }, vault);
    expect(value).toEqual({ host: 'db.example.com', tokens: ['chain-value-1'] });
    expect((await vault.list()).find(({ name }) => name === 'CHAIN_TOKEN')?.store).toBe('keychain');
    expect(JSON.stringify(await vault.status())).not.toContain('chain-value');
    expect((await vault.status()).warnings).toHaveLength(1);
  });
});
