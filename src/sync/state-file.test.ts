import { describe, expect, it } from 'vitest';
import { readState, stateFile } from './state-file.ts';

const a = { name: 'a' };
const b = { name: 'b', namespace: 'n' };
const entry = (name: string, namespace?: string): string =>
  `{"stream_descriptor":{"name":"${name}"${namespace ? `,"namespace":"${namespace}"` : ''}},"stream_state":{"at": 9007199254740993}}`;
const global = `{"type":"GLOBAL", "global": {"shared_state":{"lsn":1.10},"stream_states":[${entry('a')},${entry('b', 'n')}]}}`;

describe('the state file', () => {
  it('holds the states of the streams that continue, as they were written', () => {
    const states = [
      { kind: 'STREAM', stream: a, text: '{"x": 9007199254740993}' },
      { kind: 'STREAM', stream: b, text: '{"y":1.10}' },
    ] as const;
    expect(stateFile({ states, resumed: [b], restarted: [a] })).toBe('[{"y":1.10}]');
    expect(stateFile({ states, resumed: [a, b], restarted: [] })).toBe('[{"x": 9007199254740993},{"y":1.10}]');
    expect(stateFile({ states, resumed: [{ name: 'c' }], restarted: [] })).toBeUndefined();
    expect(stateFile({ states, resumed: [], restarted: [a, b] })).toBeUndefined();
    expect(stateFile({ states: [], resumed: [a], restarted: [] })).toBeUndefined();
  });

  it('leaves streams that start over out of a GLOBAL state, and changes no number', () => {
    const states = [{ kind: 'GLOBAL', text: global }] as const;
    expect(stateFile({ states, resumed: [a, b], restarted: [] })).toBe(`[${global}]`);
    expect(stateFile({ states, resumed: [b], restarted: [a] })).toBe(
      `[{"type":"GLOBAL","global":{"shared_state":{"lsn":1.10},"stream_states":[${entry('b', 'n')}]}}]`,
    );
  });

  it('leaves them out of a LEGACY state too', () => {
    const states = [{ kind: 'LEGACY', text: '{"type":"LEGACY","data":{"a": 1e400,"b":2}}' }] as const;
    expect(stateFile({ states, resumed: [b], restarted: [] })).toBe('{"a": 1e400,"b":2}');
    expect(stateFile({ states, resumed: [b], restarted: [a] })).toBe('{"b":2}');
  });

  it('goes by what the connector said last', () => {
    const states = [
      { kind: 'LEGACY', text: '{"data":{"a":1}}' },
      { kind: 'STREAM', stream: a, text: '{"s":1}' },
    ] as const;
    expect(stateFile({ states, resumed: [a], restarted: [] })).toBe('[{"s":1}]');
  });

  it('takes out of a LEGACY state what a stream without one of its own continues from', () => {
    const states = [
      { kind: 'LEGACY', text: '{"data":{"a":1,"b":{"at": 9007199254740993}}}' },
      { kind: 'STREAM', stream: a, text: '{"s":1}' },
    ] as const;
    const own =
      '{"type":"STREAM","stream":{"stream_descriptor":{"name":"b","namespace":"n"},"stream_state":{"at": 9007199254740993}}}';
    expect(stateFile({ states, resumed: [a, b, { name: 'c' }], restarted: [] })).toBe(`[{"s":1},${own}]`);
    expect(stateFile({ states, resumed: [a], restarted: [b] })).toBe('[{"s":1}]');
  });

  it('knows a stream by its name alone where the connector leaves the namespace out', () => {
    const text = `{"global":{"stream_states":[${entry('a')},${entry('b')}]}}`;
    const states = [{ kind: 'GLOBAL', text }] as const;
    expect(stateFile({ states, resumed: [a], restarted: [b] })).toBe(`[{"global":{"stream_states":[${entry('a')}]}}]`);
    expect(stateFile({ states, resumed: [b], restarted: [a] })).toBe(`[{"global":{"stream_states":[${entry('b')}]}}]`);
  });
});

describe('a STATE message', () => {
  it.each([
    [{ type: 'STREAM', stream: { stream_descriptor: { name: 'a' } } }, 'STREAM'],
    [{ stream: { stream_descriptor: { name: 'a' } } }, 'STREAM'],
    [{ type: 'GLOBAL', global: {} }, 'GLOBAL'],
    [{ data: {} }, 'LEGACY'],
    [{ type: 'LEGACY', data: {} }, 'LEGACY'],
    [{ type: 'STREAM' }, undefined],
    [{}, undefined],
  ])('%j is %s', (state, kind) => {
    expect(readState(state, '')?.kind).toBe(kind);
  });
});
