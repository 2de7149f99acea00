/** Calls with invalid arguments or unknown names: each answer suggests what to write instead. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Era, startServer, type TestServer } from '../harness/client.ts';
import { FIXTURE_CONNECTORS, MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
beforeAll(async () => {
  workplace = await makeWorkplace();
  server = await startServer({ workplace });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

describe('arguments', () => {
  test.each([
    ['list_connectors', { serach: 'x' }, 'serach', /Did you mean "search"/],
    ['query', { sql: 'SELECT 1', offse: 1 }, 'offse', /Did you mean "offset"/],
    ['start_sync', { source: 'a', options: [{ stream: 'a', mod: 'x' }] }, 'options[0].mod', /Did you mean "mode"/],
    ['get_status', { verbose: true }, 'verbose', /Known: include/],
  ])('%s %j: the unknown one is named, and the nearest', async (tool, args, path, hint) => {
    const error = await server.fail(tool, args);
    expect(error).toMatchObject({ kind: 'input', code: 'unknown_argument', problems: [{ path }] });
    expect(error.text).toMatch(hint);
  });

  test.each([
    ['list_connectors', { limit: 'five' }, 'limit', 'Give a number, without quotes.'],
    ['list_connectors', { limit: 0 }, 'limit', 'Give at least 1.'],
    ['list_connectors', { limit: 201 }, 'limit', 'Give at most 200.'],
    ['list_connectors', { type: 'sauce' }, 'type', 'Use one of: source, destination.'],
    ['get_connector_info', {}, 'connector', 'Give a text in quotes.'],
    ['get_connector_info', { connector: 42 }, 'connector', 'Give a text in quotes.'],
    [
      'get_connector_info',
      { connector: 'x', include: ['specs'] },
      'include[0]',
      'Use one of: spec, versions, docs, streams, manifest.',
    ],
    [
      'validate_config',
      { connector: 'x', config: '{"a": 1' },
      'config',
      'Give a JSON object {…}, without quotes around it.',
    ],
    ['validate_config', { connector: 'x', config: [1] }, 'config', 'Give a JSON object {…}, without quotes around it.'],
    ['validate_config', { connector: 'x', schema_only: 'yes' }, 'schema_only', 'Give true or false, without quotes.'],
    ['preview_stream', { source: 'x', streams: [] }, 'streams', 'Give at least 1 item.'],
    ['preview_stream', { source: 'x', streams: 7 }, 'streams', 'Give an array, such as ["a"].'],
    ['start_sync', { source: 'x', options: 'users' }, 'options', 'Give an array, such as [{"stream":"a"}].'],
    ['get_connector_info', { connector: 'x', include: 1 }, 'include', 'Give an array, such as ["spec"].'],
    ['preview_stream', { source: 'x', streams: ['a'], limit: 101 }, 'limit', 'Give at most 100.'],
    ['start_sync', { source: 'x', wait_seconds: 1.5 }, 'wait_seconds', 'Give an integer, without quotes.'],
    ['start_sync', { source: 'x', wait_seconds: 46 }, 'wait_seconds', 'Give at most 45.'],
    ['query', { sql: 'SELECT 1', limit: 1001 }, 'limit', 'Give at most 1000.'],
    ['query', { sql: 'SELECT 1', offset: -1 }, 'offset', 'Give at least 0.'],
    ['cancel_sync', { sync_id: null }, 'sync_id', 'Give a text in quotes.'],
  ])('%s %j: the error names the path and a valid value', async (tool, args, path, fix) => {
    const error = await server.fail(tool, args);
    expect(error).toMatchObject({ kind: 'input', code: 'bad_arguments', problems: [{ path, fix }] });
    expect(error.next).toContain(`Arguments of ${tool}: `);
  });

  test.each([
    ['list_connectors', { search: 'faker', limit: '1', type: 'SOURCE', cursor: '', support: null }],
    ['list_connectors', '{"search": "faker", "limit": 1}'],
    ['get_connector_info', { connector: 'source-faker', include: 'spec', version: '' }],
    ['get_connector_info', { connector: 'source-faker', include: '["Spec"]' }],
    ['validate_config', { connector: 'source-faker', config: '{"count": 5}', schema_only: 'True', config_file: '' }],
  ])('%s %j: is accepted with its only possible meaning', async (tool, args) => {
    const answer = await server.call<{ text: string }>(tool, args as never);
    expect(answer.text).toContain('source-faker');
  });

  test('the audit has the arguments as they were read, and of a broken configuration nothing', async () => {
    const args = { connector: 'source-faker', schema_only: true };
    await server.call('validate_config', { ...args, config: '{"count": "audit-of-a-literal"}' });
    await server.fail('validate_config', { ...args, config: '{"count": "audit-of-a-literal"' });
    await server.fail('update_cloud_object', {
      kind: 'source',
      id: 'a',
      changes: '{"config": {"k": "audit-of-a-literal"',
    });
    const audit = [...(await workplace.files())].find(([path]) => path.endsWith('audit.jsonl'))?.[1].toString();
    expect(audit).toContain('{\\"count\\":\\"…\\"}');
    expect(audit).not.toContain('audit-of-a-literal');
  });

  test('a call reports all its problems at once', async () => {
    const { problems } = await server.fail('list_connectors', { limit: 0, type: 1, saerch: 'x' });
    expect(problems.map(({ path }) => path).sort()).toEqual(['limit', 'saerch', 'type']);
  });

  test.each<Era>(['legacy', 'auto'])('an unknown tool is refused with similar names, era %s', async (era) => {
    const other = await startServer({ workplace, era });
    try {
      await expect(other.client.callTool({ name: 'list_conectors', arguments: {} })).rejects.toThrow(/list_connectors/);
    } finally {
      await other.close();
    }
  });
});

describe('a connector', () => {
  test.each([
    ['source-fakr', 'source-faker'],
    ['faker', 'source-faker'],
    ['airbyte/source-faker:6.0.0', 'source-faker'],
    ['source_bramble_crm', 'source-bramble-crm'],
    ['bramble', 'source-bramble-crm'],
  ])('that is unknown (%s): the near name is offered', async (connector, near) => {
    for (const [tool, args] of [
      ['get_connector_info', { connector }],
      ['validate_config', { connector, config: {}, schema_only: true }],
      ['save_source', { name: 'any', connector, config: {} }],
    ] as const) {
      const error = await server.fail(tool, args);
      expect(error).toMatchObject({ kind: 'input', code: 'unknown_connector' });
      expect(error.next).toContain(near);
    }
  });

  test.each(['', '  ', '../../etc/passwd', 'zzzzzz', 'x'.repeat(500)])(
    'that is nothing of the kind (%j): the way to find one',
    async (connector) => {
      const error = await server.fail('get_connector_info', { connector });
      expect(error).toMatchObject({ kind: 'input', code: 'unknown_connector' });
      expect(error.next).toContain('list_connectors');
      expect(error.text.length).toBeLessThan(1000);
    },
  );

  test.each(['airbyte/source-faker', 'Source-Faker', ' source-faker '])(
    'written as "%s" is found',
    async (connector) => {
      expect(await server.call('get_connector_info', { connector })).toMatchObject({ name: 'source-faker' });
    },
  );

  test.each(['x/../y', '$(id)'])('in a version that cannot be one (%j): the current one is named', async (version) => {
    const error = await server.fail('get_connector_info', { connector: 'source-faker', version });
    expect(error).toMatchObject({ kind: 'input', code: 'unknown_version' });
    expect(error.next).toContain('6.2.24');
  });

  test('with a runtime that it does not have: the ones that it has are named', async () => {
    const extra = { connector: 'source-faker', config: {}, runtime: 'manifest' };
    const error = await server.fail('validate_config', extra);
    expect(error).toMatchObject({ kind: 'input', code: 'runtime_does_not_fit' });
    expect(error.next).toContain('python');
  });
});

describe('a program of the user', () => {
  const validate = (connector: string, extra = {}) =>
    server.fail('validate_config', { connector, config: {}, ...extra });

  test('in a folder that is not allowed, by its path or through a link', async () => {
    const outside = join(workplace.directory, 'outside.mjs');
    await writeFile(outside, '#!/usr/bin/env node\n', { mode: 0o755 });
    const folder = join(workplace.directory, 'allowed');
    await mkdir(folder);
    await symlink(outside, join(folder, 'link.mjs'));
    await symlink(workplace.directory, join(folder, 'up'));
    const other = await startServer({ workplace, environment: { SLUICE_ALLOW_EXECUTABLES: folder } });
    try {
      for (const connector of [
        outside,
        join(folder, 'link.mjs'),
        join(folder, 'up', 'outside.mjs'),
        `${folder}/../outside.mjs`,
        `${folder}-not/x`,
        '/bin/sh',
      ]) {
        const error = await other.fail('validate_config', { connector, config: {} });
        expect(error, connector).toMatchObject({ kind: 'refused', code: 'executable_outside' });
        expect(error.next).toContain('SLUICE_ALLOW_EXECUTABLES');
      }
    } finally {
      await other.close();
    }
  });

  test('where no folder is allowed: the variable and the folder to set', async () => {
    const other = await startServer({ workplace, environment: { SLUICE_ALLOW_EXECUTABLES: undefined } });
    try {
      const error = await other.fail('save_source', { name: 'a', connector: MEADOW, config: {} });
      expect(error).toMatchObject({ kind: 'refused', code: 'executables_not_allowed' });
      expect(error.next).toContain(`SLUICE_ALLOW_EXECUTABLES=${dirname(MEADOW)}`);
    } finally {
      await other.close();
    }
  });

  test('that is not there, is a folder, is not executable, or has a version', async () => {
    const folder = join(workplace.directory, 'programs');
    await mkdir(join(folder, 'folder'), { recursive: true });
    await writeFile(join(folder, 'plain.mjs'), '', { mode: 0o644 });
    const other = await startServer({ workplace, environment: { SLUICE_ALLOW_EXECUTABLES: folder } });
    const codeOf = async (connector: string): Promise<string> =>
      (await other.fail('validate_config', { connector, config: {} })).code;
    try {
      expect(await codeOf(join(folder, 'none.mjs'))).toBe('no_such_program');
      expect(await codeOf(join(folder, 'folder'))).toBe('not_a_program');
      expect(await codeOf(join(folder, 'plain.mjs'))).toBe('not_executable');
    } finally {
      await other.close();
    }
    expect((await validate(MEADOW, { version: '1.0' })).code).toBe('version_of_executable');
  });

  test('by a relative path, or a path with another runtime', async () => {
    expect((await validate('source-meadow.mjs', { runtime: 'executable' })).code).toBe('not_an_absolute_path');
    expect((await validate(MEADOW, { runtime: 'python' })).code).toBe('runtime_does_not_fit');
    expect((await validate(join(FIXTURE_CONNECTORS, 'x\0y'), {})).kind).toBe('input');
  });
});

test.each(['bogus', '0', `${'a'.repeat(4_000)}`])('a cursor that no answer gave (%.20j) is refused', async (cursor) => {
  const error = await server.fail('list_connectors', { cursor });
  expect(error).toMatchObject({ kind: 'input', code: 'bad_cursor' });
  expect(error.next).toContain('next_cursor');
});
