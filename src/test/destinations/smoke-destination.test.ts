/** smoke_test_destination against destinations that do well and badly: what it reports is what is there. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { SHELF } from '../harness/workplace.ts';

const TOKEN = 'a-token-of-the-shelf-4711';
let server: TestServer;
beforeEach(async () => {
  server = await startServer({ envFileText: `SHELF_TOKEN=${TOKEN}\n` });
  await mkdir(join(server.workplace.open, 'shelf'));
});
afterEach(() => server.close());

interface Report {
  passed: boolean;
  left_behind: string;
  scenarios: {
    scenario: string;
    passed?: boolean;
    skipped?: string;
    written: number;
    states: { sent: number; returned: number };
    read_back: { compared: boolean; records?: number; why?: string };
    problems: string[];
  }[];
}

async function smoke(config: Record<string, unknown>, scenarios?: string[]): Promise<Report & { text: string }> {
  await server.call('save_destination', {
    name: 'shelf',
    connector: SHELF,
    runtime: 'executable',
    config: {
      destination_path: join(server.workplace.open, 'shelf'),
      token: 'secret_reference::SHELF_TOKEN',
      ...config,
    },
  });
  return server.call<Report>('smoke_test_destination', { destination: 'shelf', ...(scenarios ? { scenarios } : {}) });
}

test('a destination that writes lines is compared by value, and its limits are reported', async () => {
  const report = await smoke({});
  const failed = report.scenarios.filter(({ passed }) => passed === false);
  // It appends where it should merge, and reprints numbers that a double does not hold.
  expect(failed.map(({ scenario }) => scenario)).toEqual(['big_numbers', 'dedup']);
  expect(failed[0]?.problems).toContain('"whole": 9007199254740993 became 9007199254740992');
  expect(report.scenarios).toHaveLength(14);
  for (const { scenario, read_back: back, states } of report.scenarios) {
    expect(back, scenario).toMatchObject({ compared: true });
    expect(states.returned, scenario).toBe(states.sent);
  }
  expect(report.scenarios.find(({ scenario }) => scenario === 'batches')).toMatchObject({
    passed: true,
    written: 26_001,
    states: { sent: 27, returned: 27 },
    read_back: { records: 26_001 },
  });
  const [, prefix = 'nothing'] = /begin with (sluice_smoke_[0-9a-f]{6}_)/.exec(report.left_behind) ?? [];
  const files = await readdir(join(server.workplace.open, 'shelf'));
  expect(files.filter((name) => name.startsWith(prefix)).length).toBeGreaterThan(14);
  expect(await server.fail('describe_data')).toMatchObject({ code: 'no_data_yet' });
}, 90_000);

test.each([
  ['keeps_states', /states? did not come back/],
  ['fails', /the disk of this destination is full/],
  ['dies', /ended by SIGKILL/],
  ['babbles', /was not accepted/],
])('one that %s does not pass', async (behaviour, message) => {
  const report = await smoke({ behaviour, after: 2 }, ['types']);
  expect(report).toMatchObject({ passed: false, scenarios: [{ scenario: 'types', passed: false }] });
  expect(report.scenarios[0]?.problems.join('\n')).toMatch(message);
  expect(report.text).not.toContain(TOKEN);
});

test('a destination that drops records is detected by reading back', async () => {
  const report = await smoke({ without_files: true }, ['types', 'empty']);
  expect(report.scenarios).toMatchObject([
    { passed: false, written: 2, states: { returned: 1 }, problems: [expect.stringContaining('was found')] },
    { passed: true },
  ]);
  const catalog = await readFile(join(server.workplace.open, 'shelf', 'catalog.json'), 'utf8');
  expect(JSON.parse(catalog)).toMatchObject({ streams: [{ generation_id: 1, destination_sync_mode: 'overwrite' }] });
});

test('an unknown scenario is named with near ones, and nothing is run', async () => {
  await smoke({}, ['empty']);
  const error = await server.fail('smoke_test_destination', { destination: 'shelf', scenarios: ['typos'] });
  expect(error).toMatchObject({ code: 'unknown_scenario' });
  expect(error.next).toContain('types');
});
