import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from './messages.ts';

const TYPES = ['LOG', 'SPEC', 'CONNECTION_STATUS', 'CATALOG', 'RECORD', 'STATE', 'TRACE', 'CONTROL'];
const KNOWN = new Set([
  ...TYPES.filter((type) => type !== 'TRACE'),
  'TRACE_ERROR',
  'TRACE_STATUS',
  'TRACE_OTHER',
  'UNKNOWN',
]);
const BODIES = [
  'log',
  'spec',
  'connectionStatus',
  'catalog',
  'record',
  'state',
  'trace',
  'control',
  'error',
  'stream_status',
];
const FIELDS = [
  'type',
  'level',
  'message',
  'status',
  'stream_descriptor',
  'name',
  'namespace',
  'failure_type',
  ...BODIES,
];

const leaf = fc.oneof(
  fc.constantFrom('ERROR', 'STREAM_STATUS', 'COMPLETE', 'SUCCEEDED', 'system_error', 'users', '', null, true, 7),
  fc.string({ maxLength: 5 }),
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const messages = fc
  .tuple(
    fc.oneof(fc.constantFrom(...TYPES), anything),
    fc.dictionary(fc.constantFrom(...BODIES), anything, { maxKeys: 3 }),
  )
  .map(([type, bodies]) => ({ type, ...bodies }));

describe('a message', () => {
  it('is read whatever its fields are: of a known type, or not at all', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const read = parseMessage(JSON.stringify(message));
        if (typeof message.type !== 'string') expect(read).toBeUndefined();
        else expect(KNOWN).toContain(read?.type);
        // A field declared as text is a string: it appears in logs and answers.
        if (read?.type === 'LOG') expect([typeof read.level, typeof read.message]).toEqual(['string', 'string']);
        if (read?.type === 'TRACE_ERROR') expect(typeof read.error.message).toBe('string');
        if (read?.type === 'TRACE_STATUS') expect(typeof read.name).toBe('string');
        if (read?.type === 'CONNECTION_STATUS') expect(typeof read.message).toBe('string');
      }),
      { numRuns: 1_000 },
    );
  });

  it('returns undefined if the line is not a JSON object with a type', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        const read = parseMessage(line);
        if (read) expect(typeof JSON.parse(line).type).toBe('string');
      }),
      { numRuns: 500 },
    );
  });

  it('returns the status of a stream only if the message has both', () => {
    const status = (value: unknown, name: unknown): string =>
      JSON.stringify({
        type: 'TRACE',
        trace: { type: 'STREAM_STATUS', stream_status: { status: value, stream_descriptor: { name, namespace: '' } } },
      });
    expect(parseMessage(status('COMPLETE', 'users'))).toEqual({
      type: 'TRACE_STATUS',
      name: 'users',
      status: 'COMPLETE',
    });
    expect(parseMessage(status('DONE', 'users'))).toEqual({ type: 'TRACE_OTHER' });
    expect(parseMessage(status('COMPLETE', 7))).toEqual({ type: 'TRACE_OTHER' });
  });
});
