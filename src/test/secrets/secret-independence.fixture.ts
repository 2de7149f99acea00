/** Secrets in two variants, and the calls that try to tell them apart by their values. */
import { join } from 'node:path';
import fc from 'fast-check';

export const MANIFEST_COUNT = 60;
const THEN = 'then';

/** The two values of each secret: alike in what list_secrets reports of them, different in everything else. */
export const VALUES: Record<string, readonly [string, string]> = {
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
export const NAMES = Object.keys(VALUES);

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

/** Everything but a complete value or a line of it: those are redacted, so their answers may differ. */
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

/** Keywords that test the keys of an object: where the object is a secret, they are secret values. */
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

export function manifestText(): fc.Arbitrary<string> {
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

export type Call = readonly [tool: string, args: (folder: string) => Record<string, unknown>];

const always = (args: Record<string, unknown>) => (): Record<string, unknown> => args;
const queryCall = sql.map((text): Call => ['query', always({ sql: text })]);
const dryRunCall = sql.map((text): Call => ['query', always({ sql: text, dry_run: true })]);
const manifestCall = fc
  .tuple(fc.nat(MANIFEST_COUNT - 1), config, fc.option(name), fc.option(fc.constantFrom('file.yaml', 'none.yaml')))
  .map(
    ([index, values, secretName, file]): Call => [
      'validate_config',
      (folder) => ({
        connector: 'source-guess',
        manifest_path: join(folder, 'mine', `${index}.json`),
        schema_only: true,
        config: values,
        ...(secretName === null ? {} : { config_secret: secretName }),
        ...(file === null ? {} : { config_file: join(folder, 'mine', file) }),
      }),
    ],
  );
const registryCall = fc.tuple(larch, fc.option(name), fc.constantFrom('validate_config', 'save_source')).map(
  ([values, secretName, tool]): Call => [
    tool,
    always({
      connector: 'source-larch-sql',
      config: values,
      ...(secretName === null ? {} : { config_secret: secretName }),
      ...(tool === 'save_source' ? { name: 'larch', runtime: 'python' } : { schema_only: true }),
    }),
  ],
);
const lookupCall = fc
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
  .map(([text, [tool, argument]]): Call => [tool, always({ [argument]: text })]);

export const anyCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: queryCall },
  { weight: 1, arbitrary: dryRunCall },
  { weight: 6, arbitrary: manifestCall },
  { weight: 3, arbitrary: registryCall },
  { weight: 2, arbitrary: lookupCall },
  { weight: 1, arbitrary: fc.constant<Call>(['list_secrets', always({})]) },
);
