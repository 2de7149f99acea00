/** What get_status reports about the session: its calls, with what each created, changed and deleted. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { ECHO_SOURCE, MEADOW } from '../harness/workplace.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ envFileText: "MEADOW_API_KEY='a-key-of-the-meadow-77'\nREJECTED_KEY=wrong\n" });
});
afterAll(() => server.close());

interface Call {
  readonly tool: string;
  readonly outcome: string;
  readonly made: { kind: string; name?: string }[];
  readonly changed: { kind: string; name?: string }[];
  readonly deleted: { kind: string; name?: string }[];
}
const history = async (): Promise<{ history: Call[]; text: string }> =>
  server.call<{ history: Call[] }>('get_status', { include: ['history'] });

test('every call is listed with what it created, changed and deleted, including deleted objects', async () => {
  const subject = { connector: MEADOW, runtime: 'executable', config: { api_key: 'secret_reference::MEADOW_API_KEY' } };
  await server.call('save_source', { name: 'meadow', ...subject, sync: true });
  await server.call('save_source', { name: 'meadow', ...subject });
  await server.call('remove', { kind: 'source', name: 'meadow' });
  await server.fail('list_streams', { source: 'meadow' });
  const { history: calls, text } = await history();
  expect(calls.map(({ tool, outcome }) => [tool, outcome])).toEqual([
    ['save_source', 'ok'],
    ['save_source', 'ok'],
    ['remove', 'ok'],
    ['list_streams', 'unknown_source'],
  ]);
  const [first, second, third] = calls;
  expect(first?.made.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['source', 'sync', 'table']));
  expect(second).toMatchObject({
    made: [],
    changed: expect.arrayContaining([expect.objectContaining({ name: 'meadow' })]),
  });
  expect(third?.deleted).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'source', name: 'meadow' })]));
  expect(text).toMatch(/remove: ok; deleted source meadow/);
  expect((await server.call('get_status')).text).not.toContain('Calls of this session');
});

test('a rejected login names the secret whose value a person corrects', async () => {
  const subject = { connector: MEADOW, runtime: 'executable', config: { api_key: 'secret_reference::REJECTED_KEY' } };
  const checked = await server.call('validate_config', subject);
  expect(checked).toMatchObject({ valid: false, next: expect.stringContaining('REJECTED_KEY') });
  expect(checked.text).toContain('Next: ');
  expect(await server.fail('save_source', { name: 'rejected', ...subject })).toMatchObject({
    code: 'check_failed',
    next: expect.stringContaining('REJECTED_KEY'),
  });
});

test('a log that was shown in full is not recommended again', async () => {
  const config = { token: 'secret_reference::MEADOW_API_KEY', fail: 'read' };
  await server.call('save_source', { name: 'echo', connector: ECHO_SOURCE, runtime: 'executable', config });
  const begun = await server.call<{ sync_id: string; next: string; state: string }>('start_sync', { source: 'echo' });
  expect(begun.state).not.toBe('complete');
  expect(begun.next).toContain('log_lines');
  const full = await server.call('get_sync', { sync_id: begun.sync_id, log_lines: 500 });
  expect(full.next).not.toContain('log_lines');
});
