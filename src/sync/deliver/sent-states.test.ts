import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { readState } from '../state-file.ts';
import { indexStreams } from '../stream-keys.ts';
import { spelling } from './same-state.ts';
import { createSentStates, type SentStates } from './sent-states.ts';

const indexOf = indexStreams([{ name: 'a' }, { name: 'b', namespace: 'n' }]);

function textOf(name: string, state: string, more = ''): string {
  return `{"type":"STREAM","stream":{"stream_descriptor":{"name":"${name}"},"stream_state":${state}}${more}}`;
}

function send(states: SentStates, text: string, records = 1): void {
  const state = readState(JSON.parse(text) as JsonObject, text);
  if (!state) throw new Error('no state');
  states.sent({ state, streams: [0], records: [records], sourceCount: undefined });
}

const giveBack = (states: SentStates, text: string) => states.returned(JSON.parse(text) as JsonObject, text);

describe('a state that comes back', () => {
  it('is found however it is printed, and takes those before it with it', () => {
    const states = createSentStates(indexOf);
    for (const at of [1, 2, 3]) send(states, textOf('a', `{"at":${at},"none":null}`), at);
    const printed = textOf('a', '{ "at" : 2.0 }', ',"destinationStats":{"recordCount":2}');
    const found = giveBack(states, printed);
    expect(found).toMatchObject([{ records: [1] }, { records: [2] }]);
    expect(giveBack(states, printed)).toBe('again');
    expect(states.missing()).toEqual(new Set([0]));
    expect(giveBack(states, textOf('a', '{"at":3,"none":null}'))).toHaveLength(1);
    expect(states.missing()).toEqual(new Set());
  });

  it('is distinguished from one that differs only beyond the precision of a double', () => {
    const states = createSentStates(indexOf);
    send(states, textOf('a', '{"at":9007199254740992}'), 1);
    send(states, textOf('a', '{"at":9007199254740993}'), 2);
    expect(giveBack(states, textOf('a', '{ "at":9007199254740993}'))).toMatchObject([{}, { records: [2] }]);
  });

  it('that lost digits matches the one that was sent, and the stored state has all digits', () => {
    const states = createSentStates(indexOf);
    send(states, textOf('a', '{"at":9007199254740993}'));
    const [found] = giveBack(states, textOf('a', '{"at":9007199254740992}'));
    expect(found).toMatchObject({ state: { text: textOf('a', '{"at":9007199254740993}') } });
  });

  it('once and was sent twice is not missing', () => {
    const states = createSentStates(indexOf);
    for (const records of [1, 2]) send(states, textOf('a', '{"at":1}'), records);
    expect(giveBack(states, textOf('a', '{"at":1}'))).toMatchObject([{ records: [1] }]);
    expect(states.missing()).toEqual(new Set());
  });

  it('and was never sent, or is of another stream, is unknown', () => {
    const states = createSentStates(indexOf);
    send(states, textOf('a', '{"at":1}'));
    expect(giveBack(states, textOf('a', '{"at":2}'))).toBe('unknown');
    expect(giveBack(states, textOf('b', '{"at":1}'))).toBe('unknown');
    expect(giveBack(states, '{"type":"GLOBAL","global":{}}')).toBe('unknown');
    expect(giveBack(states, '{"type":"STREAM"}')).toBe('unknown');
  });

  it('among more states than are remembered, the newest is still found', () => {
    const states = createSentStates(indexOf, 10_000);
    for (let at = 0; at < 1_000; at += 1) send(states, textOf('a', `{"at":${at},"more":"${'x'.repeat(100)}"}`), at);
    expect(giveBack(states, textOf('a', `{"at":0,"more":"${'x'.repeat(100)}"}`))).toBe('again');
    expect(giveBack(states, textOf('a', `{"at":999,"more":"${'x'.repeat(100)}"}`))).not.toBe('unknown');
    expect(states.missing().size).toBe(0);
  });
});

describe('the spelling of a JSON value', () => {
  const value = fc.jsonValue({ noUnicodeString: false });
  it('is the same after any printer: other spaces, other order, other numbers', () => {
    fc.assert(
      fc.property(value, (given) => {
        const reversed = JSON.stringify(given, (_key, inner: unknown) =>
          typeof inner === 'object' && inner !== null && !Array.isArray(inner)
            ? Object.fromEntries(Object.entries(inner).reverse())
            : inner,
        );
        expect(spelling(JSON.stringify(given, null, 3), 'digits')).toBe(spelling(reversed, 'digits'));
      }),
    );
  });

  it.each([
    ['1.10', '1.1'],
    ['100', '1e2'],
    ['-0', '0'],
    ['0.000', '0'],
    ['12300000000000000000000', '1.23E+22'],
    ['0.00012', '1.2e-4'],
    ['"\\u00e9"', '"é"'],
    ['{"a":null}', '{}'],
  ])('%s is %s', (one, other) => expect(spelling(one, 'digits')).toBe(spelling(other, 'digits')));

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['1', '"1"'],
    ['[]', '{}'],
    ['[1,2]', '[2,1]'],
    ['-1', '1'],
  ])('%s is not %s', (one, other) => expect(spelling(one, 'digits')).not.toBe(spelling(other, 'digits')));
});
