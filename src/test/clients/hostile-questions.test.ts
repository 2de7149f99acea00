/** What bad connectors do when they are asked for their specification, a check or their streams. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import {
  copyConnector,
  copyHostileConnector,
  expectNothingLeft,
  makeConnectorWorkplace,
  peakMegabytes,
} from '../harness/machine.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
let hostile: string;

beforeAll(async () => {
  workplace = await makeConnectorWorkplace("REFUSED_KEY='wrong'\n");
  hostile = await copyHostileConnector(workplace);
  server = await startServer({ workplace });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const NO_ANSWER = 'gave no answer to check';
/** Behaviour, error code, and the expected parts of the error. */
const FAILURES = [
  ['close-stdout', 'connector_crashed', { message: `${NO_ANSWER}: it closed its output and continued running` }],
  ['die', 'connector_crashed', { message: `${NO_ANSWER}: it ended with exit code 1`, details: { exit_code: 1 } }],
  ['kill-self', 'connector_crashed', { message: `${NO_ANSWER}: it was ended by SIGKILL`, next: 'ran out of memory' }],
  [
    'silent-crash',
    'connector_crashed',
    { details: { stderr_tail: expect.stringContaining('no module named meadow') } },
  ],
  ['half-line', 'connector_crashed', { message: 'it ended without one', details: { exit_code: 0 } }],
  ['trace-error', 'connector_config_error', { message: 'The account is locked.', details: { exit_code: 0 } }],
  ['trace-exit', 'connector_config_error', { message: 'The account is locked.', details: { exit_code: 1 } }],
] as const;

describe('a check without a result fails with the reason, and the server continues', () => {
  test.each(FAILURES)('%s', async (behaviour, code, expected) => {
    const answer = await server.fail('validate_config', request(hostile, { behaviour }));
    expect(answer).toMatchObject({ kind: 'connector', code });
    const { message = '', next = '', details = {} } = expected as { message?: string; next?: string; details?: object };
    expect(answer.message).toContain(message);
    expect(answer.next).toContain(next);
    expect(answer.details).toMatchObject({ verb: 'check', ...details });
    await expectAlive();
  });
});

describe('a check that succeeds despite misbehaviour is valid, and leaves nothing behind', () => {
  test.each(['chatter', 'children', 'hold-stdout', 'linger'])('%s', async (behaviour) => {
    const answer = await server.call(
      'validate_config',
      request(hostile, { behaviour, pid_file: join(workplace.open, 'pids') }),
    );
    expect(answer).toMatchObject({ valid: true, problems: [] });
    await expectAlive();
  });
});

test('a check that the connector answers with FAILED and exit 0 returns "not valid" with its message, not an error', async () => {
  const meadow = await copyConnector(workplace, MEADOW);
  const answer = await server.call('validate_config', request(meadow, { api_key: 'secret_reference::REFUSED_KEY' }));
  expect(answer).toMatchObject({ valid: false, check_message: 'The API key was refused: 401 Unauthorized.' });
  const saving = { name: 'refused', ...request(meadow, { api_key: 'secret_reference::REFUSED_KEY' }) };
  const refused = await server.fail('save_source', saving);
  expect(refused).toMatchObject({ code: 'check_failed', details: { check_message: answer.check_message } });
  expect(await server.call('list_sources')).toMatchObject({ sources: [] });
});

describe('a specification', () => {
  test('comes through LOG lines, noise, and JSON without type', async () => {
    const own = await copyHostileConnector(workplace, 'chatter');
    expect(await server.call('validate_config', request(own, { behaviour: '' }))).toMatchObject({ valid: true });
  });

  test.each([
    ['silent-crash', 'connector_crashed', 'no module named meadow'],
    ['half-line', 'connector_crashed', 'it ended without one'],
    ['trace-error', 'connector_config_error', 'The account is locked.'],
    ['kill-self', 'connector_crashed', 'SIGKILL'],
  ])('that does not come (%s) is an error, and is asked for again the next time', async (behaviour, code, words) => {
    const own = await copyHostileConnector(workplace, behaviour);
    for (const _ of [1, 2]) {
      const answer = await server.fail('validate_config', request(own, { behaviour: '' }));
      expect(answer).toMatchObject({ code, details: { verb: 'spec' } });
      expect(answer.text).toContain(words);
    }
    await expectAlive();
  });
});

test('streams that cannot be listed are an error; the source stays and answers when it is well again', async () => {
  await server.call('save_source', { name: 'shy', ...request(hostile, { behaviour: 'die', verb: 'discover' }) });
  const answer = await server.fail('list_streams', { source: 'shy' });
  expect(answer).toMatchObject({ code: 'connector_crashed', details: { verb: 'discover', exit_code: 1 } });
  expect(await server.fail('start_sync', { source: 'shy' })).toMatchObject({ code: 'connector_crashed' });
  await server.call('save_source', { name: 'shy', ...request(hostile, { behaviour: 'chatter', verb: 'discover' }) });
  expect(await server.call('list_streams', { source: 'shy' })).toMatchObject({ total: 2 });
  await expectAlive();
});

describe('a connector that writes without end costs time, not memory', () => {
  test.each([
    ['stderr-flood', 100, 250],
    ['huge-noise', 100, 250],
    // A line may be long because a catalog is one line: it is held once as bytes and once or twice as text.
    ['huge-line', 50, 500],
  ])('%s of %i MB takes less than %i MB', async (behaviour, megabytes, limit) => {
    const fresh = await startServer({ workplace });
    try {
      const config = { behaviour, megabytes };
      expect(await fresh.call('validate_config', request(hostile, config))).toMatchObject({ valid: true });
      expect((await peakMegabytes(fresh.pid)) ?? 0).toBeLessThan(limit);
    } finally {
      await fresh.close();
    }
  });
});

function request(connector: string, config: Record<string, unknown>) {
  return { connector, runtime: 'executable', config };
}

async function expectAlive(): Promise<void> {
  await expectNothingLeft(workplace);
  expect((await server.call<{ version: string }>('get_status')).version).toMatch(/^\d/);
  expect(server.stderr()).not.toMatch(/unhandled|internal error/);
}
