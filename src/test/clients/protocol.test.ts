/** The protocol from below: bare lines, garbage, half lines, and the end of input. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Era, startServer } from '../harness/client.ts';
import { errorOf, type RawServer, startRaw } from '../harness/raw.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: RawServer;
beforeEach(async () => {
  workplace = await makeWorkplace();
  server = startRaw(workplace);
});
afterEach(async () => {
  server.process.kill('SIGKILL');
  await server.ended;
  await workplace.remove();
});

test('garbage and half a line are answered or passed over, and the server continues', async () => {
  await server.initialize();
  server.write('this is no JSON\n{"jsonrpc":"2.0"\n[]\n\n{"jsonrpc":"2.0","id":"x","method":"no/such"}\n');
  const status = await server.callTool('get_status');
  expect(status.result?.isError).toBeFalsy();
  for (const line of server.stdout().toString().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
});

test('an unknown tool is a protocol error; bad arguments are a tool error that names the nearest', async () => {
  await server.initialize();
  expect((await server.callTool('get_statsu')).error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('get_statsu'),
  });
  const answer = await server.callTool('list_connectors', { serach: 'stripe', limit: 'many' });
  expect(answer.result?.isError).toBe(true);
  const error = errorOf(answer);
  expect(error.code).toBe('unknown_argument');
  expect(error.problems.map(({ path }) => path).sort()).toEqual(['limit', 'serach']);
  expect(error.problems.find(({ path }) => path === 'serach')?.message).toContain('"search"');
});

test('an unknown argument inside a nested object is named with its path', async () => {
  await server.initialize();
  const answer = await server.callTool('start_sync', { source: 'x', options: [{ stream: 'a', curser_field: 'b' }] });
  const error = errorOf(answer);
  expect(error.problems).toMatchObject([
    { path: 'options[0].curser_field', message: expect.stringContaining('"cursor_field"') },
  ]);
});

test('start-up leaves nothing behind: no folder, no file, before the first call', async () => {
  await server.initialize();
  await server.request('tools/list');
  server.process.stdin.end();
  expect(await server.ended).toBe(0);
  expect([...(await workplace.files()).keys()]).toEqual([workplace.envFile]);
});

test('the process exits within a second after stdin closes, even during a call', async () => {
  await server.initialize();
  void server.callTool('get_sync', { wait_seconds: 30 }).catch(() => {});
  const closedAt = Date.now();
  server.process.stdin.end();
  await server.ended;
  expect(Date.now() - closedAt).toBeLessThan(1500);
});

test('a client that closes its end of stdout does not leave the server behind', async () => {
  await server.initialize();
  server.process.stdout.destroy();
  server.write(`${JSON.stringify({ jsonrpc: '2.0', id: 77, method: 'tools/list', params: {} })}\n`);
  const ended = await Promise.race([
    server.ended.then(() => 'ended'),
    new Promise((resolve) => setTimeout(() => resolve('alive'), 3000)),
  ]);
  expect(ended).toBe('ended');
});

test('an unknown protocol version is answered as the protocol requires', async () => {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2099-01-01',
    'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const answer = await server.request('server/discover', { _meta: meta });
  expect(answer.error?.code).toBe(-32022);
});

test.each<Era>(['legacy', 'auto'])(
  'in era %s: status, instructions, audit line with the client’s name',
  async (era) => {
    const official = await startServer({ workplace, era });
    const status = await official.call<{ version: string }>('get_status');
    expect(status.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(official.client.getInstructions()).toContain('secret_reference::NAME');
    await official.close();
    const audit = [...(await workplace.files())].find(([path]) => path.endsWith('audit.jsonl'))?.[1].toString() ?? '';
    expect(JSON.parse(audit.trim())).toMatchObject({
      client: 'sluice-test 1.0.0',
      tool: 'get_status',
      verdict: 'allowed',
      outcome: 'ok',
    });
  },
);
