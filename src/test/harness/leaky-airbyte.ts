/** An Airbyte that tells everything in clear and quotes what it was sent, and a look at whether any of it came out. */
import { afterEach, beforeEach, expect } from 'vitest';
import {
  type Actor,
  airbyteId,
  type FakeAirbyte,
  type Fields,
  SEEDED_SECRETS,
} from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from './airbyte.ts';
import type { TestServer } from './client.ts';

export const PEM = [
  '-----BEGIN RSA PRIVATE KEY-----',
  'MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu',
  'KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm',
  '-----END RSA PRIVATE KEY-----',
];
export const LOCAL_SECRET = 'a-key-of-the-meadow-77';
/** Everything secret below; each of them is unlike any other text. */
const SECRETS = [
  ...SEEDED_SECRETS,
  ...PEM.slice(1, 3),
  LOCAL_SECRET,
  'leak-nested-0001',
  'leak-array-0002',
  'leak-custom-0003',
  'leak-unknown-0004',
  'leak-json-0005',
  'leak-url-0006',
  'leak-pairs-0007',
  'leak-header-0008abcdef',
  'leak-unmarked-0009',
  'leak-object-0010',
  'leak-deep-0011',
  'leak-manifest-0012',
  'leak-default-0013',
  'leak-bearer-0014abcdef',
  'leak-state-0015',
  'leak-log-0016',
  'leak-check-0017',
  'leak-spec-0018',
  'leak-failure-0019',
  'leak-camel-0020',
];

let cloud: CloudTest;

/** What runs in the test of the moment. */
export const leaky = {} as { server: TestServer; airbyte: FakeAirbyte };

/** To be called once by a test file: each test has an Airbyte of its own, and ends with a look at all that was written. */
export function useLeakyAirbyte(): void {
  beforeEach(async () => {
    cloud = await startCloud({ airbyte: { leaky: true, quoting: true }, environment: UNGUARDED });
    Object.assign(leaky, cloud);
  });
  afterEach(async () => {
    // Whatever a test did: neither stderr nor any file of the project holds a secret.
    const files = await leaky.server.workplace.files(leaky.server.workplace.project);
    const written = [leaky.server.stderr(), ...[...files.values()].map((file) => file.toString('latin1'))].join('\n');
    await cloud.close();
    expectNone(written, 'stderr and files');
  });
}

export function expectNone(text: string, where: string): void {
  const forms = (secret: string): string[] => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(secret),
  ];
  const found = SECRETS.filter((secret) => forms(secret).some((form) => text.includes(form)));
  expect(found, `${where}: ${text.slice(0, 3_000)}`).toEqual([]);
}

/** The complete answer, error or not. */
export async function all(tool: string, args: Record<string, unknown>): Promise<string> {
  const result = await leaky.server.client.callTool({ name: tool, arguments: args }, { timeout: 60_000 });
  const text = JSON.stringify(result);
  expectNone(text, `${tool} ${JSON.stringify(args)}`);
  return text;
}

export const plainSpec = (properties: Fields): Fields => ({ type: 'object', additionalProperties: true, properties });

/** A source of a connector of its own. @returns its id */
export function addSource(number: number, configuration: Fields, spec: Fields | undefined): string {
  const definitionId = `0000abcd-0000-4000-8000-0000000000${10 + number}`;
  const [pattern] = leaky.airbyte.state.definitions;
  if (!pattern) throw new Error('the seed has no definition');
  if (spec) {
    const connector = `source-odd-${number}`;
    leaky.airbyte.state.definitions.push({ ...pattern, id: definitionId, name: connector, connector, spec });
  }
  const id = airbyteId('source', 100 + number);
  const workspaceId = airbyteId('workspace', 1);
  const source: Actor = {
    id,
    kind: 'source',
    name: `odd ${number}`,
    definitionId,
    workspaceId,
    configuration,
    createdAt: 1,
  };
  leaky.airbyte.state.sources.push(source);
  return id;
}

export const describeSource = (id: string): Promise<string> => all('describe_cloud_object', { kind: 'source', id });
