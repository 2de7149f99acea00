import { appendFile, chmod, copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectorError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { FIXTURES, HOSTILE, MEADOW, makeTestContext, type TestContext } from '../connector-context.fixture.ts';
import { createProcessRunner } from '../process/process-runner.ts';
import type { Task } from '../runner.ts';
import { ask } from './ask.ts';

const KEY = 'pk_live_51 "q&ü"/zX+9=';
const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(4)}-----END PRIVATE KEY-----`;

let context: TestContext;
beforeEach(async () => {
  context = await makeTestContext({ secrets: `SHOP_API_KEY='${KEY}'\nSHOP_KEY_FILE='${PEM}'\n` });
});
afterEach(() => context.remove());

async function check(config: JsonObject, program = HOSTILE): Promise<unknown> {
  return context.connectors
    .check(context.program(program), await context.config(config), context.control())
    .catch((error: unknown) => error);
}

/** A program in the context's folder that writes down each start and then is another program. */
async function counted(program: string): Promise<{ path: string; starts(): Promise<string[]> }> {
  const path = join(context.folder, 'counted.sh');
  const log = join(context.openFolder, 'starts');
  await appendFile(log, '');
  await writeFile(path, `#!/bin/sh\necho "$1" >> "${log}"\nexec "${program}" "$@"\n`, { mode: 0o755 });
  return { path, starts: async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean) };
}

/** The hostile source with its behaviour for `spec` in its name. */
async function hostileNamed(behaviour: string): Promise<string> {
  const path = join(context.folder, `source-hostile.${behaviour}.mjs`);
  await copyFile(HOSTILE, path);
  await copyFile(join(FIXTURES, 'hostile-leaks.mjs'), join(context.folder, 'hostile-leaks.mjs'));
  await chmod(path, 0o755);
  return path;
}

describe('an honest source', () => {
  it('returns its spec once per build of the program', async () => {
    const { path, starts } = await counted(MEADOW);
    const spec = await context.connectors.spec(context.program(path), context.control());
    expect(spec.connectionSpecification).toMatchObject({ required: ['api_key'] });
    expect(await context.connectors.spec(context.program(path), context.control())).toEqual(spec);
    expect(await starts()).toEqual(['spec']);
    await appendFile(path, '# another build\n');
    await context.connectors.spec(context.program(path), context.control());
    expect(await starts()).toEqual(['spec', 'spec']);
  });

  it('is checked each time, and its refusal is an answer', async () => {
    expect(await check({ api_key: 'right-enough' }, MEADOW)).toEqual({ succeeded: true, message: '' });
    expect(await check({ api_key: 'wrong' }, MEADOW)).toEqual({
      succeeded: false,
      message: 'The API key was refused: 401 Unauthorized.',
    });
  });

  it('is discovered once for each configuration, and again on request', async () => {
    const { path, starts } = await counted(MEADOW);
    const program = context.program(path);
    const one = await context.config({ api_key: 'right-enough' });
    const catalog = await context.connectors.discover(program, one, context.control());
    expect(catalog.streams.map(({ name }) => name)).toEqual(['users', 'orders', 'notes']);
    expect(await context.connectors.discover(program, one, context.control(), 60_000)).toEqual({
      ...catalog,
      asked: false,
    });
    expect(await starts()).toHaveLength(1);
    await context.connectors.discover(program, await context.config({ api_key: 'another-one' }), context.control());
    await context.connectors.discover(program, one, context.control(), 0);
    expect(await starts()).toHaveLength(3);
    // A misfit causes one new query.
    for (const _time of [1, 2]) {
      await context.connectors.noteMisfits(program, one, ['users.age']);
      await context.connectors.discover(program, one, context.control());
      await context.connectors.discover(program, one, context.control(), 60_000);
      expect(await starts()).toHaveLength(4);
    }
    await context.connectors.noteMisfits(program, one, ['users.age', 'users.name']);
    expect(await context.connectors.discover(program, one, context.control(), 60_000)).toMatchObject({ asked: true });
  });

  it('answers discover with its own error when its configuration is wrong', async () => {
    const config = await context.config({ api_key: 'wrong' });
    await expect(context.connectors.discover(context.program(MEADOW), config, context.control())).rejects.toMatchObject(
      {
        code: 'connector_config_error',
        message: 'source-meadow.mjs failed at discover: The API key was refused: 401 Unauthorized.',
        details: { verb: 'discover', failure_type: 'config_error', exit_code: 1 },
      },
    );
  });
});

describe('a source that talks badly', () => {
  it('is understood through noise', async () => {
    expect(await check({ behaviour: 'chatter' })).toEqual({ succeeded: true, message: '' });
    const spec = await context.connectors.spec(context.program(await hostileNamed('chatter')), context.control());
    expect(spec.connectionSpecification).toMatchObject({ required: ['behaviour'] });
  });

  it('is believed when it answered, however it ends', async () => {
    const spec = await context.connectors.spec(context.program(await hostileNamed('linger')), context.control());
    expect(spec.connectionSpecification).toBeDefined();
  });

  it('fails with its own TRACE, with any exit code', async () => {
    expect(await check({ behaviour: 'trace-error', failure_type: 'transient_error' })).toMatchObject({
      code: 'connector_transient_error',
      message: 'source-hostile.mjs failed at check: The account is locked.',
      details: { exit_code: 0, internal_message: 'HTTP 423' },
    });
    expect(await check({ behaviour: 'trace-exit' })).toMatchObject({
      code: 'connector_config_error',
      details: { exit_code: 1 },
    });
  });

  it('fails with the end of its stderr when it printed nothing', async () => {
    const error = (await check({ behaviour: 'silent-crash' })) as ConnectorError;
    expect(error).toMatchObject({ code: 'connector_crashed', details: { exit_code: 1 } });
    expect(error.message).toContain('exit code 1');
    expect(error.details.stderr_tail).toContain('ImportError: no module named meadow');
  });

  it('fails when it breaks off: half a line, SIGKILL, output closed', async () => {
    expect(await check({ behaviour: 'half-line' })).toMatchObject({
      code: 'connector_crashed',
      details: { exit_code: 0, log_tail: '{"type":"CONNECTION_STATUS","connectionSta' },
    });
    expect(await check({ behaviour: 'kill-self' })).toMatchObject({
      code: 'connector_crashed',
      details: { exit_code: null, exit_signal: 'SIGKILL' },
    });
    expect(await check({ behaviour: 'close-stdout' })).toMatchObject({ code: 'connector_crashed' });
  });

  it('fails at its deadline with its last message', async () => {
    const config = await context.config({ behaviour: 'hang' });
    const question = { answer: 'CONNECTION_STATUS', limitMs: 700 } as const;
    const runner = createProcessRunner(context.processes, { PATH: process.env.PATH ?? '' }, context.sandbox);
    const task: Task = {
      installed: context.program(HOSTILE),
      verb: 'check',
      files: { config: (use) => config.use((plain) => use(JSON.stringify(plain))) },
      signal: new AbortController().signal,
    };
    await expect(ask(runner, context.redactor, task, question)).rejects.toMatchObject({
      code: 'connector_timeout',
      details: { verb: 'check', log_tail: 'connecting' },
    });
    expect(await readdir(join(context.projectFolder, 'runs'))).toEqual([]);
  });

  it('cannot exhaust the memory: a flood of stderr, huge lines', async () => {
    const before = process.memoryUsage().rss;
    expect(await check({ behaviour: 'stderr-flood+huge-noise', megabytes: 100 })).toMatchObject({ succeeded: true });
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    expect(await check({ behaviour: 'huge-line', megabytes: 50 })).toMatchObject({ succeeded: true });
  });

  it('that does not start reports why', async () => {
    const path = join(context.folder, 'no-interpreter');
    await writeFile(path, '#!/nowhere/python\n', { mode: 0o755 });
    expect(await check({}, path)).toMatchObject({ code: 'program_not_startable' });
    await writeFile(path, 'just text\n', { mode: 0o644 });
    await chmod(path, 0o644);
    expect(await check({}, path)).toMatchObject({ code: 'program_not_startable' });
    expect(await readdir(join(context.projectFolder, 'runs'))).toEqual([]);
  });
});

describe('a source that reveals secrets', () => {
  const secret: JsonObject = {
    api_key: 'secret_reference::SHOP_API_KEY',
    credentials: 'secret_reference::SHOP_KEY_FILE',
  };
  /** None of it may be visible in any readable encoding. */
  function expectSealed(text: string): void {
    for (const value of [KEY, PEM]) {
      const bytes = Buffer.from(value);
      const forms = [
        value,
        JSON.stringify(value).slice(1, -1),
        encodeURIComponent(value),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
        value.slice(0, 16),
        value.slice(-14),
      ];
      for (const form of forms) expect(text).not.toContain(form);
    }
    expect(text).not.toContain('MIIEvQIBADANBgkqhkiG9w0BAQEFAASC');
  }

  async function cachedFiles(): Promise<string> {
    const folder = join(context.projectFolder, 'catalogs');
    const files = await readdir(folder);
    return (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n');
  }

  it('reveals none of them in the message of its check', async () => {
    const answer = await check({ ...secret, behaviour: 'leak' });
    expect(answer).toMatchObject({ succeeded: false });
    expectSealed(JSON.stringify(answer));
    expect(JSON.stringify(answer)).toContain('[secret:SHOP_API_KEY]');
  });

  it('reveals none in an error, its tails and its details', async () => {
    const error = (await check({ ...secret, behaviour: 'leak-trace' })) as ConnectorError;
    expect(error.code).toBe('connector_config_error');
    expectSealed(`${error.message}\n${JSON.stringify(error.details)}\n${Object.values(error.details).join('\n')}`);
  });

  it('reveals none in its catalog, in use or in the cache', async () => {
    const config = await context.config({ ...secret, behaviour: 'leak' });
    const catalog = await context.connectors.discover(context.program(HOSTILE), config, context.control());
    expect(catalog.streams.map(({ name }) => name)).toEqual(['items', 'others']);
    expectSealed(JSON.stringify(catalog));
    const files = await cachedFiles();
    expect(files).toContain('"items"');
    expectSealed(files);
  });

  it('finds none in its environment', async () => {
    const other = await makeTestContext({ environment: { SHOP_TOKEN: 'from-the-environment', AWS_PROFILE: 'mine' } });
    try {
      const config = await other.config({ behaviour: 'environment+silent-crash' });
      const error = await other.connectors
        .check(other.program(HOSTILE), config, other.control())
        .catch((thrown: ConnectorError) => thrown);
      const text = JSON.stringify(error);
      expect(text).toContain('SLUICE_RUN');
      expect(text).not.toContain('from-the-environment');
      expect(text).not.toContain('AWS_PROFILE');
      expect(text).not.toContain('AIRBYTE_MCP_ENV_FILE');
    } finally {
      await other.remove();
    }
  });
});
