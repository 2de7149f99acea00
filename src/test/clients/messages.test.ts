/** Messages of every shape that real clients send, and more: each gets a readable protocol answer, and the server survives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawMessage, type RawServer, startRaw } from '../harness/raw.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: RawServer;
beforeAll(async () => {
  workplace = await makeWorkplace();
  server = startRaw(workplace);
  await server.initialize();
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

let count = 0;
/** Sends a message with an id of its own, and waits for the answer with that id. */
async function answerTo(message: Record<string, unknown>, write = (text: string) => text): Promise<RawMessage> {
  const id = `shape-${count++}`;
  return answerOf(id, write(JSON.stringify({ jsonrpc: '2.0', id, ...message })));
}

async function answerOf(id: string | null, line: string): Promise<RawMessage> {
  const before = server.stdout().length;
  server.write(`${line}\n`);
  for (;;) {
    const lines = server.stdout().subarray(before).toString().split('\n').slice(0, -1);
    const found = lines.map((each) => JSON.parse(each) as RawMessage).find((each) => (each.id ?? null) === id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('initialize', () => {
  const clientInfo = { name: 'a', version: '1' };
  test.each([
    ['without parameters', undefined],
    ['with null', null],
    ['with an empty object', {}],
    ['with an empty list', []],
    ['without a version', { capabilities: {}, clientInfo }],
    ['with an unknown version', { protocolVersion: '1999-01-01', capabilities: {}, clientInfo }],
    ['with nulls', { protocolVersion: null, capabilities: null, clientInfo: null }],
    ['with an empty list of capabilities', { protocolVersion: '2025-06-18', capabilities: [], clientInfo }],
    ['without capabilities', { protocolVersion: '2025-06-18', clientInfo }],
    ['with a client without a version', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a' } }],
  ])('%s', async (_what, params) => {
    const other = startRaw(workplace);
    try {
      const answer = await other.request('initialize', params);
      expect(answer.error).toBeUndefined();
      expect(answer.result).toMatchObject({
        protocolVersion: expect.stringMatching(/^2025-/),
        capabilities: { tools: {} },
      });
      expect((await other.callTool('get_status')).result?.isError).toBeFalsy();
    } finally {
      await other.close();
    }
  });
});

describe('arguments of a tool', () => {
  test.each([[undefined], [null], [''], ['{}'], [' {} '], ['null'], [[]], ['[]'], [{}]])(
    '%j are none',
    async (given) => {
      const answer = await answerTo({ method: 'tools/call', params: { name: 'list_secrets', arguments: given } });
      expect(answer.result).toMatchObject({ structuredContent: { secrets: expect.any(Array) } });
      expect(answer.result?.isError).toBeFalsy();
    },
  );

  test('as JSON text are read, and judged like others', async () => {
    const call = (args: string): Promise<RawMessage> =>
      answerTo({ method: 'tools/call', params: { name: 'list_connectors', arguments: args } });
    expect((await call('{"search": "faker"}')).result).toMatchObject({ structuredContent: { total: 1 } });
    expect((await call('{"serach": "faker"}')).result).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'unknown_argument' } },
    });
  });

  test.each([['x'], [5], [true], [[1]], ['{"a":'], ['[1]'], [`${'['.repeat(9_000)}`], [`{"a":${'['.repeat(9_000)}`]])(
    '%.40j get an answer in words',
    async (given) => {
      const { error } = await answerTo({ method: 'tools/call', params: { name: 'get_status', arguments: given } });
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('must be a JSON object') });
    },
  );
});

describe('other requests', () => {
  test.each([
    ['ping', null],
    ['ping', []],
    ['tools/list', null],
    ['tools/list', []],
    ['tools/list', { cursor: null }],
    ['tools/list', { _meta: null }],
    ['tools/list', { _meta: 'x' }],
    ['tools/list', { _meta: { progressToken: null } }],
  ])('%s %j is answered', async (method, params) => {
    expect(await answerTo({ method, params })).toMatchObject({ result: {} });
  });

  test.each([
    [{ method: 'tools/call' }, -32602, 'the name of a tool'],
    [{ method: 'tools/call', params: null }, -32602, 'the name of a tool'],
    [{ method: 'tools/call', params: { name: 5 } }, -32602, 'the name of a tool'],
    [{ method: 'tools/call', params: [1] }, -32602, 'params must be an object'],
    [{ method: 'tools/list', params: { cursor: 5 } }, -32602, 'params.cursor: expected string'],
    [{ method: 'no/such' }, -32601, 'Method not found'],
    [{ method: 7 }, -32600, 'not a valid'],
    [{ jsonrpc: '1.0', method: 'ping' }, -32600, 'not a valid'],
  ])('%j: a readable error', async (message, code, words) => {
    const { error } = await answerTo(message);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(error?.message).not.toMatch(/[{}]|\\n/);
  });
});

describe('lines', () => {
  test('with a byte order mark, a carriage return or blanks are read', async () => {
    for (const write of [
      (text: string) => `\ufeff${text}`,
      (text: string) => `${text}\r`,
      (text: string) => `  ${text}\t `,
    ]) {
      expect(await answerTo({ method: 'ping' }, write)).toMatchObject({ result: {} });
    }
  });

  test.each([
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', null, -32600],
    ['an empty batch', '[]', null, -32600],
    ['a text', '"ping"', null, -32600],
    ['no JSON', 'GET / HTTP/1.1', null, -32700],
    ['half a message', '{"jsonrpc":"2.0","id":"half","method":', 'half', -32700],
    [
      'a request of 20 MB',
      `{"jsonrpc":"2.0","id":"big","method":"ping","params":{"a":"${'x'.repeat(20_000_000)}"}}`,
      'big',
      -32600,
    ],
    ['null', 'null', null, -32600],
  ])('%s gets an error with the id that it has', async (_what, line, id, code) => {
    expect(await answerOf(id, line)).toMatchObject({ error: { code } });
    expect(await answerTo({ method: 'ping' })).toMatchObject({ result: {} });
  });
});
