/**
 * Answers do not depend on the values of secrets: two servers that differ in them alone give the same bytes to the same
 * calls, whatever the calls guess. `PROPERTY_CALLS` and `PROPERTY_SEED` try others.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RawServer, startRaw } from '../harness/raw.ts';
import { MEADOW, makeWorkplace, ROOT, type Workplace } from '../harness/workplace.ts';

const CALLS = Number(process.env.PROPERTY_CALLS ?? 1_000);
const SEED = Number(process.env.PROPERTY_SEED ?? 12);
const AT_ONCE = 20;
const MANIFESTS = 60;
const THEN = 'then';

/** The two values of each secret: alike in what list_secrets tells of them, different in all else. */
const VALUES: Record<string, readonly [string, string]> = {
  GUESSED_TOKEN: ['sk_live_9fK2xQ7vB4nT8zR1wY6u', 'zz-Other+Secret/Value=77.0042'],
  WORDY_PASSWORD: ['true story of a red fox', '5432109876543210'],
  ACCOUNT_KEY: [
    '{"id":"a-1","port":5432,"deep":{"list":["x","y"],"key":"k-9f8e7d6c5b4a"}}',
    '{"id":[1,2],"port":"none","deep":{"list":{"0":"q"},"key":null}}',
  ],
  HOST: ['db.example.com', 'localhost'],
  PORT: ['5432', 'no number'],
  MODE: ['fast', 'slow'],
  WHOLE_KEY: [
    '{"host":"a.example.com","port":1,"database":"d","username":"u","password":"pass-word-1","zzz":1}',
    '{"host":"localhost","port":"x","database":[],"username":"","password":"other-pass-2","yyy":{},"akey":1,"k k":2}',
  ],
  TEXT_KEY: ['just: [some, "text" that is not closed', 'another: {text\n that: breaks: later'],
};
const NAMES = Object.keys(VALUES);

interface Side {
  readonly workplace: Workplace;
  readonly server: RawServer;
}

let sides: readonly Side[] = [];

beforeAll(async () => {
  const manifests = fc.sample(manifestText(), { numRuns: MANIFESTS, seed: SEED });
  sides = await Promise.all([0, 1].map((side) => start(side, manifests)));
});
afterAll(async () => {
  for (const { server, workplace } of sides) {
    await server.close();
    await workplace.remove();
  }
});

async function start(side: number, manifests: readonly string[]): Promise<Side> {
  const lines = NAMES.map((name) => `${name}='${VALUES[name]?.[side]}'`);
  const workplace = await makeWorkplace(`${lines.join('\n')}\nMEADOW_API_KEY='a-key-of-the-meadow-77'\n`);
  const folder = join(workplace.directory, 'mine');
  await mkdir(folder);
  await Promise.all(manifests.map((text, index) => writeFile(join(folder, `${index}.json`), text)));
  await writeFile(join(folder, 'file.yaml'), `token: ${VALUES.GUESSED_TOKEN?.[side]}\nhost: ${VALUES.HOST?.[side]}\n`);
  await copyFile(join(ROOT, 'fixtures', 'manifests', 'quarry.json'), join(folder, 'quarry.json'));
  const server = startRaw(workplace, { SLUICE_CONFIG_DIRS: folder });
  await server.initialize();
  // So that there is a cache to ask.
  await server.callTool('save_source', {
    name: 'meadow',
    connector: MEADOW,
    runtime: 'executable',
    config: { api_key: 'secret_reference::MEADOW_API_KEY' },
  });
  const synced = await server.callTool('start_sync', { source: 'meadow', wait_seconds: 40 });
  expect(JSON.stringify(synced)).toContain('complete');
  return { workplace, server };
}

const name = fc.constantFrom(...NAMES);
const reference = fc
  .tuple(name, fc.constantFrom('', '', '#/port', '#/deep/key', '#/deep/list', '#/deep/list/0', '#/nothing', '#/id'))
  .map(([of, pointer]) => `secret_reference::${of}${pointer}`);
const encoding = fc.constantFrom<((text: string) => string)[]>(
  (text) => text,
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => encodeURIComponent(text),
  (text) => [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  (text) => [...text].join(' '),
  (text) => [...text].join('\n'),
  (text) => JSON.stringify(JSON.stringify(text)),
);

/** Everything but a whole value or a line of it: that one is hidden is what redaction is. */
const guess = fc
  .tuple(name, fc.nat(1), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), encoding)
  .map(([of, side, part, fromStart, encode]) => {
    const value = VALUES[of]?.[side] ?? '';
    const length = Math.max(1, Math.min(value.length - 1, Math.floor(part * value.length)));
    return encode(fromStart ? value.slice(0, length) : value.slice(value.length - length));
  })
  .filter((text) => NAMES.every((of) => VALUES[of]?.every((value) => !holdsPart(text, value))));

/** Parts of a value that are redacted by themselves: lines, leaves of JSON that are long enough, or are named like secrets. */
function holdsPart(text: string, value: string): boolean {
  const leaves = (value.match(/"[^"]{6,}"/g) ?? []).map((part) => part.slice(1, -1));
  const parts = [value, ...value.split('\n').map((line) => line.trim()), ...leaves];
  const seen = [text, decoded(text), Buffer.from(text, 'base64').toString(), Buffer.from(text, 'hex').toString()];
  const bare = (from: string): string => from.replace(/\s|\\n/g, '');
  return parts.some((part) => seen.some((form) => bare(form).includes(bare(part))));
}

function decoded(text: string): string {
  const plain = text.replace(/\\+u([0-9a-f]{4})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  return plain
    .replace(/\\+"/g, '"')
    .replace(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const filler = fc.tuple(fc.constantFrom(' ', 'x', '\\n', '%20', '​', 'é', '+', '\\\\'), fc.nat(30_000));

const sql = fc
  .tuple(guess, guess, filler, filler, fc.nat(8))
  .map(([one, two, [before, many], [after, more], shape]) => {
    const value = `repeat(${quoted(before)}, ${many % 3_000}) || ${quoted(one)} || repeat(${quoted(after)}, ${more})`;
    const shapes = [
      `SELECT ${value} AS a`,
      `SELECT [${value}, ${quoted(two)}] AS a, {'x': ${value}} AS b, map {${quoted(one)}: ${value}} AS c`,
      `SELECT encode(${value}) AS a`,
      `SELECT (${value})::INT`,
      `SELECT ${quoted(one)} || '#' || i || repeat(' ', ${more}) AS a FROM range(40) t(i)`,
      `SELECT * FROM "${one.replaceAll('"', '""')}"."${two.replaceAll('"', '""')}"`,
      `SELECT 1 AS "${one.replaceAll('"', '""')}" WHERE ${value} = ${quoted(two)}`,
      `SELECT {${quoted(one)}: 1, ${quoted(two)}: ${value}} AS a`,
      `SELEC ${one} ${two}`,
    ];
    return shapes[shape] ?? '';
  });

const field: fc.Arbitrary<object> = fc
  .tuple(
    guess,
    fc.constantFrom('string', 'integer', 'boolean', 'array', 'object', undefined),
    fc.nat(10),
    fc.nat(40),
    fc.boolean(),
  )
  .map(([text, type, rule, size, isSecret]) => {
    const rules = [
      { pattern: `^${text.slice(0, 20).replace(/[^\w]/g, '.')}` },
      { enum: [text, 'fast'] },
      { const: 'slow' },
      { minLength: size },
      { maxLength: size },
      { format: 'hostname' },
      { minimum: size * 200 },
      { oneOf: [{ pattern: '^s' }, { const: '5432' }, { type: 'integer' }] },
      { anyOf: [{ enum: ['fast', 'true story of a red fox'] }, { maxLength: size }] },
      { not: { pattern: '^[a-m]' } },
      { if: { pattern: '^[0-9]' }, [THEN]: { minLength: size }, else: { format: 'email' } },
    ];
    return { ...(type ? { type } : {}), ...rules[rule], ...(isSecret ? { airbyte_secret: true } : {}) };
  });

const STREAM = {
  type: 'DeclarativeStream',
  name: 's',
  retriever: {
    type: 'SimpleRetriever',
    requester: { type: 'HttpRequester', url_base: 'https://example.com', path: '/', http_method: 'GET' },
    record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
  },
};

/** Keywords that ask something of the keys of an object, which are values where it is a secret. */
const KEY_RULES: readonly object[] = [
  {},
  { propertyNames: { pattern: '^[a-y]' } },
  { propertyNames: { maxLength: 8 } },
  { minProperties: 8 },
  { maxProperties: 7 },
  { patternProperties: { '^y': false, '^z': {} } },
  { anyOf: [{ propertyNames: { enum: ['host', 'zzz'] } }, { required: ['nothing'] }] },
  { allOf: [{ if: { propertyNames: { pattern: '^[a-y]' } }, [THEN]: { required: ['nothing'] } }] },
  { allOf: [{ if: { maxProperties: 6 }, [THEN]: { required: ['nothing'] } }] },
];

function manifestText(): fc.Arbitrary<string> {
  return fc.tuple(fc.array(field, { minLength: 12, maxLength: 12 }), guess).map(([fields, text]) => {
    const properties = Object.fromEntries(fields.map((schema, index) => [`f${index}`, schema]));
    const choice = {
      type: 'object',
      oneOf: [
        { properties: { kind: { const: 'fast' }, key: { airbyte_secret: true } }, required: ['kind', 'key'] },
        { properties: { kind: { const: text }, password: { airbyte_secret: true } }, required: ['kind'] },
      ],
    };
    const names = { host: { const: 'localhost' }, port: { type: 'integer' }, password: { airbyte_secret: true } };
    return JSON.stringify({
      version: '6.0.0',
      type: 'DeclarativeSource',
      check: { type: 'CheckStream', stream_names: ['s'] },
      streams: [STREAM],
      spec: {
        type: 'Spec',
        connection_specification: {
          type: 'object',
          additionalProperties: text.length % 2 === 0,
          ...KEY_RULES[text.length % KEY_RULES.length],
          required: ['f0', 'f1', 'port'],
          properties: { ...properties, choice, ...names },
          if: { properties: { f0: { const: 'fast' } } },
          [THEN]: { required: ['f9'] },
          dependentRequired: { f2: ['f3'] },
        },
      },
    });
  });
}

const leaf = fc.oneof(reference, reference, reference, guess, fc.integer(), fc.boolean());
const config = fc
  .tuple(fc.array(leaf, { minLength: 12, maxLength: 12 }), leaf, leaf, fc.array(reference, { maxLength: 3 }))
  .map(([leaves, kind, key, list]) => ({
    ...Object.fromEntries(leaves.map((value, index) => [`f${index}`, value])),
    choice: { kind, key, password: key },
    f11: list,
  }));
const larch = fc.record(
  { host: leaf, port: leaf, database: leaf, username: leaf, password: leaf, ssl_mode: leaf, schemas: fc.array(leaf) },
  { requiredKeys: [] },
);

type Call = readonly [tool: string, args: (folder: string) => Record<string, unknown>];

const always = (args: Record<string, unknown>) => (): Record<string, unknown> => args;
const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: sql.map((text): Call => ['query', always({ sql: text })]) },
  { weight: 1, arbitrary: sql.map((text): Call => ['query', always({ sql: text, dry_run: true })]) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat(MANIFESTS - 1), config, fc.option(name), fc.option(fc.constantFrom('file.yaml', 'none.yaml')))
      .map(
        ([index, values, whole, file]): Call => [
          'validate_config',
          (folder) => ({
            connector: 'source-guess',
            manifest_path: join(folder, 'mine', `${index}.json`),
            schema_only: true,
            config: values,
            ...(whole === null ? {} : { config_secret: whole }),
            ...(file === null ? {} : { config_file: join(folder, 'mine', file) }),
          }),
        ],
      ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(larch, fc.option(name), fc.constantFrom('validate_config', 'save_source')).map(
      ([values, whole, tool]): Call => [
        tool,
        always({
          connector: 'source-larch-sql',
          config: values,
          ...(whole === null ? {} : { config_secret: whole }),
          ...(tool === 'save_source' ? { name: 'larch', runtime: 'python' } : { schema_only: true }),
        }),
      ],
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        guess,
        fc.constantFrom<[string, string][]>(
          ['list_secrets', 'search'],
          ['get_connector_info', 'connector'],
          ['list_connectors', 'search'],
          ['describe_data', 'dataset'],
          ['list_streams', 'source'],
          ['get_sync', 'sync_id'],
          ['cancel_sync', 'sync_id'],
          ['list_sources', 'name'],
          ['start_sync', 'source'],
          ['get_status', 'nothing_such'],
          ['validate_config', 'config_secret'],
        ),
      )
      .map(([text, [tool, argument]]): Call => [tool, always({ [argument]: text })]),
  },
  { weight: 1, arbitrary: fc.constant<Call>(['list_secrets', always({})]) },
);

/** What differs between any two servers: folders, fences, names of syncs, times, and how long something took. */
function comparable(answer: unknown, { workplace }: Side): string {
  return JSON.stringify(answer, (_, text: unknown) => (typeof text === 'string' ? shownBeforeCut(text) : text))
    .replaceAll(workplace.directory, 'FOLDER')
    .replace(/\d{8}-\d{6}-[0-9a-f]{6}/g, 'SYNC')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/(<\/?data-)[0-9a-f]{8}/g, '$1')
    .replace(/"elapsed_ms":\d+/g, '"elapsed_ms":0');
}

/** How many digits a duration has moves the place where a long text is cut. */
function shownBeforeCut(text: string): string {
  const same = text.replace(/(rows?(?: from row \d+)?), \d+ ms/, '$1, 0 ms');
  const at = same.indexOf('\n… cut here: ');
  return at < 0 ? same : same.slice(0, 47_000);
}

/** The texts around the place where two answers begin to differ; undefined where they do not. */
function firstDifference(one: string, other: string): readonly [string, string] | undefined {
  if (one === other) return undefined;
  let at = 0;
  while (one[at] === other[at]) at += 1;
  return [one.slice(Math.max(0, at - 80), at + 80), other.slice(Math.max(0, at - 80), at + 80)];
}

test(`${CALLS} calls are answered in the same bytes, whatever the secrets are`, { timeout: 900_000 }, async () => {
  const calls = fc.sample(call, { numRuns: CALLS, seed: SEED });
  const tools = new Map<string, number>();
  for (let from = 0; from < calls.length; from += AT_ONCE) {
    const batch = calls.slice(from, from + AT_ONCE);
    const [one = [], other = []] = await Promise.all(
      sides.map((side) =>
        Promise.all(
          batch.map(async ([tool, args]) =>
            comparable((await side.server.callTool(tool, args(side.workplace.directory))).result, side),
          ),
        ),
      ),
    );
    for (const [index, [tool, args]] of batch.entries()) {
      tools.set(tool, (tools.get(tool) ?? 0) + 1);
      const said = `call ${from + index}: ${tool} ${JSON.stringify(args('FOLDER')).slice(0, 1_000)}`;
      expect(firstDifference(one[index] ?? '', other[index] ?? ''), said).toBeUndefined();
    }
  }
  // Not all of them are refused for another reason.
  expect(tools.size).toBeGreaterThan(10);
  const [side] = sides;
  expect(side?.server.stdout().toString()).toContain('spec from the manifest');
  expect(await readFile(join(side?.workplace.project ?? '', 'logs', 'audit.jsonl'), 'utf8')).toContain('"ok"');
});
