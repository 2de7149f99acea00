/** The tool list as clients see it: the contract, its cost, and what each mode hides. */
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterEach, expect, test } from 'vitest';
import { type Era, startServer, type TestServer } from '../harness/client.ts';

let server: TestServer;
afterEach(() => server.close());

/** Credentials that are never used: listing asks no Airbyte. */
const CLOUD = { AIRBYTE_CLOUD_CLIENT_ID: 'an-id', AIRBYTE_CLOUD_CLIENT_SECRET: 'a-secret-of-the-tool-list' };
const names = async (): Promise<string[]> => (await server.client.listTools()).tools.map(({ name }) => name);
/** Paths of values whose type is not declared. */
function untyped(schema: unknown, path: string): string[] {
  const { type, properties = {}, items } = schema as { type?: string; properties?: object; items?: unknown };
  return [
    ...(typeof type === 'string' ? [] : [path]),
    ...Object.entries(properties).flatMap(([name, inner]) => untyped(inner, `${path}.${name}`)),
    ...(items === undefined ? [] : untyped(items, `${path}[]`)),
  ];
}

const MAX_TOKENS = 3200;
const MAX_TOKENS_WITH_CLOUD = 5400;

test.each<[Era, string, Record<string, string>]>([
  ['legacy', 'tools', {}],
  ['auto', 'tools', {}],
  ['legacy', 'tools.with-cloud', CLOUD],
  ['auto', 'tools.with-cloud', CLOUD],
])(
  'the full list in era %s (%s) matches its snapshot, with hints and schemas that every client accepts',
  async (era, file, environment) => {
    server = await startServer({ era, environment });
    const { tools } = await server.client.listTools();
    await expect(`${JSON.stringify(tools, null, 2)}\n`).toMatchFileSnapshot(`../../../fixtures/snapshots/${file}.json`);
    for (const tool of tools) {
      const schema = JSON.stringify(tool.inputSchema);
      // Each of these makes some model's API or SDK refuse the entire list.
      expect(schema, tool.name).not.toMatch(
        /"(\$ref|\$defs|\$schema|propertyNames|additionalProperties|anyOf|oneOf|allOf|not|const)":/,
      );
      expect(untyped(tool.inputSchema, tool.name)).toEqual([]);
      expect(tool.inputSchema, tool.name).toMatchObject({ type: 'object', properties: expect.any(Object) });
      expect(Object.keys(tool.annotations ?? {}).sort(), tool.name).toEqual([
        'destructiveHint',
        'idempotentHint',
        'openWorldHint',
        'readOnlyHint',
      ]);
    }
  },
);

test('a client of the newest era may keep the list for an hour', async () => {
  server = await startServer({ era: 'auto' });
  expect(await server.client.listTools()).toMatchObject({ ttlMs: 3_600_000, cacheScope: 'private' });
});

test('the list costs at most 3,200 tokens', async () => {
  server = await startServer();
  const { tools } = await server.client.listTools();
  expect(tools).toHaveLength(18);
  const tokens = encode(JSON.stringify(tools)).length;
  process.stderr.write(`tool list: ${tokens} tokens (budget ${MAX_TOKENS})\n`);
  expect(tokens).toBeLessThanOrEqual(MAX_TOKENS);
});

test('with the tools of the cloud it costs at most 5,400 tokens', async () => {
  server = await startServer({ environment: CLOUD });
  const { tools } = await server.client.listTools();
  expect(tools).toHaveLength(28);
  const tokens = encode(JSON.stringify(tools)).length;
  process.stderr.write(`tool list with cloud: ${tokens} tokens (budget ${MAX_TOKENS_WITH_CLOUD})\n`);
  expect(tokens).toBeLessThanOrEqual(MAX_TOKENS_WITH_CLOUD);
});

test('half of the credentials list no cloud tool, and a warning names the missing half', async () => {
  server = await startServer({ environment: { AIRBYTE_CLOUD_CLIENT_ID: 'an-id' } });
  expect(await names()).toHaveLength(18);
  expect((await server.call<{ text: string }>('get_status')).text).toContain('AIRBYTE_CLOUD_CLIENT_SECRET');
  expect((await server.fail('check_cloud_workspace')).code).toBe('cloud_not_configured');
});

test('read-only mode of the cloud removes only the tools that create or change something there', async () => {
  server = await startServer({ environment: { ...CLOUD, AIRBYTE_CLOUD_MCP_READONLY_MODE: '1' } });
  const listed = await names();
  expect(listed.filter((name) => name.includes('cloud'))).toEqual([
    'check_cloud_workspace',
    'list_cloud_objects',
    'describe_cloud_object',
    'check_cloud_connector',
    'run_cloud_sync',
    'get_cloud_job',
  ]);
  expect(listed).toHaveLength(18 + 6);
});

test('read-only mode lists only the tools that can be called, and still refuses the others', async () => {
  server = await startServer({ environment: { SLUICE_READONLY_MODE: '1' } });
  expect(await names()).toEqual([
    'get_status',
    'list_connectors',
    'get_connector_info',
    'list_secrets',
    'validate_config',
    'list_sources',
    'get_sync',
    'describe_data',
    'query',
  ]);
  expect(server.client.getInstructions()).toContain('read-only');
  for (const [tool, args] of [
    ['save_source', { name: 'x', connector: 'source-faker', config: {} }],
    ['start_sync', { source: 'x' }],
    ['list_streams', { source: 'x' }],
    ['validate_config', { connector: 'source-faker', config: {} }],
  ] as const) {
    const error = await server.fail(tool, args);
    expect(error.code, tool).toBe('read_only_mode');
    expect(error.next).toContain('SLUICE_READONLY_MODE=0');
  }
  const schemaOnly = await server.call<{ valid: boolean }>('validate_config', {
    connector: 'source-faker',
    config: {},
    schema_only: true,
  });
  expect(schemaOnly.valid).toBe(true);
});

test('instructions stay under 2 kB however many problems there are, and name them', async () => {
  server = await startServer({
    environment: {
      AIRBYTE_MCP_ENV_FILE: `~/${'x'.repeat(150)}.env`,
      SLUICE_READONLY_MODE: 'perhaps',
      SLUICE_SAFEMODE: '0',
      AIRBYTE_PROJECT_DIR: `rel/${'y'.repeat(800)}`,
    },
  });
  const instructions = server.client.getInstructions() ?? '';
  expect(instructions.length).toBeLessThanOrEqual(2000);
  expect(instructions).toContain('AIRBYTE_MCP_ENV_FILE');
});
