import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RedactionLevel } from '../types.ts';
import { createRedactor } from './redactor.ts';

const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

function redactorOf(values: Record<string, string>, plain: Record<string, string> = {}) {
  const redactor = createRedactor();
  for (const [name, value] of Object.entries(values)) redactor.add(name, value, { sensitive: true });
  for (const [name, value] of Object.entries(plain)) redactor.add(name, value, { sensitive: false });
  return redactor;
}

describe('levels', () => {
  const redactor = redactorOf(
    { TOKEN: 'tok-1234567', PIN: '4711' },
    { HOST: 'db.example.com', PORT: '5432', FLAG: 'true', TINY: 'ab' },
  );
  const text = 'tok-1234567 at db.example.com:5432 with 4711, not 47110 nor x4711, true ab';
  it.each<[RedactionLevel, string]>([
    ['data', '[secret:TOKEN] at db.example.com:5432 with 4711, not 47110 nor x4711, true ab'],
    ['text', '[secret:TOKEN] at [secret:HOST]:5432 with 4711, not 47110 nor x4711, true ab'],
    ['connector', '[secret:TOKEN] at [secret:HOST]:[secret:PORT] with [secret:PIN], not 47110 nor x4711, true ab'],
  ])('%s', (level, expected) => {
    expect(redactor.redact(text, level)).toBe(expected);
  });

  it('never searches for short values inside words', () => {
    const short = redactorOf({ P: 'p', DOT: 'a b' });
    expect(short.redact('{"type":"x"} p "p" sp\\np', 'connector')).toBe(
      '{"type":"x"} [secret:P] "[secret:P]" sp\\n[secret:P]',
    );
    expect(short.redact('p a b', 'text')).toBe('p a b');
    expect(short.redact('(a b) aa b', 'connector')).toBe('([secret:DOT]) aa b');
  });
});

describe('parts', () => {
  it('redacts a PEM complete, by its lines, without its edges, rewrapped', () => {
    const redactor = redactorOf({ KEY: PEM });
    const lines = PEM.trim().split('\n');
    const body = lines.slice(1, -1).join('');
    expect(redactor.redact(`<${PEM}>`, 'data')).toBe('<[secret:KEY]\n>');
    for (const line of lines.slice(1, -2)) expect(redactor.redact(`<${line}>`, 'data')).toBe('<[secret:KEY]>');
    expect(redactor.redact(`<${body}>`, 'data')).toBe('<[secret:KEY]>');
    expect(redactor.redact(`<${body.replace(/.{50}/g, '$&\n')}>`, 'data')).toBe('<[secret:KEY]>');
    expect(redactor.redact(JSON.stringify(JSON.stringify({ key: PEM })), 'data')).toBe(
      '"{\\"key\\":\\"[secret:KEY]\\\\n\\"}"',
    );
    expect(redactor.redact('-----BEGIN PRIVATE KEY-----', 'data')).toBe('-----BEGIN PRIVATE KEY-----');
  });

  it('redacts a PEM that has its line breaks written out in either form', () => {
    const written = PEM.trim().replaceAll('\n', '\\n');
    const redactor = redactorOf({ KEY: written });
    expect(redactor.redact(`<${PEM.trim()}>`, 'data')).toBe('<[secret:KEY]>');
    expect(redactor.redact(`<${written}>`, 'data')).toBe('<[secret:KEY]>');
  });

  it('redacts the leaves of JSON, numbers too, and leaves the public ones', () => {
    const json = JSON.stringify({
      type: 'service_account',
      private_key: PEM,
      client_email: 'robot@project.example',
      id: 1234567890,
      port: 5432,
      ok: true,
      password: 'short',
      list: [{ deep: 'a leaf that is deep' }],
    });
    const redactor = redactorOf({ ACCOUNT: json });
    const redact = (text: string): string => redactor.redact(text, 'connector');
    expect(redact('mail robot@project.example')).toBe('mail [secret:ACCOUNT]');
    expect(redact('a leaf  that is deep')).toBe('[secret:ACCOUNT]');
    expect(redact('1234567890')).toBe('[secret:ACCOUNT]');
    expect(redact(PEM.split('\n')[3] ?? '')).toBe('[secret:ACCOUNT]');
    expect(redact('short shorter')).toBe('[secret:ACCOUNT] shorter');
    expect(redact('service_account 5432 true')).toBe('service_account 5432 true');
    expect(redact(`${json}`)).toBe('[secret:ACCOUNT]');
    expect(redact(JSON.stringify(JSON.parse(json), null, 2))).toBe('[secret:ACCOUNT]');
  });

  it('redacts the password of a URL, decoded and in a connection string', () => {
    const redactor = redactorOf({
      URL: 'postgres://me:p%40ssw0rd-1@db.example.com/x',
      ADO: 'Server=s;Password=hunter2hunter2;',
    });
    const redact = (text: string): string => redactor.redact(text, 'data');
    expect(redact('p%40ssw0rd-1 p@ssw0rd-1 hunter2hunter2 db.example.com')).toBe(
      '[secret:URL] [secret:URL] [secret:ADO] db.example.com',
    );
    expect(redact(`Basic ${Buffer.from('me:p@ssw0rd-1').toString('base64')}`)).toMatch(/^Basic .{4}\[secret:URL\]$/);
  });

  it('names the longest of overlapping values, and retains old values', () => {
    const redactor = redactorOf({ SHORTER: 'abcdefghij', LONGER: 'xx-abcdefghij-yy' });
    expect(redactor.redact('xx-abcdefghij-yy abcdefghij', 'data')).toBe('[secret:LONGER] [secret:SHORTER]');
    redactor.add('SHORTER', 'a new value', { sensitive: true });
    expect(redactor.redact('abcdefghij a new value', 'data')).toBe('[secret:SHORTER] [secret:SHORTER]');
  });

  it('protects a mark only if its name is known', () => {
    const redactor = redactorOf({ DB_PASSWORD: 'PASSWORD1' });
    expect(redactor.redact('[secret:DB_PASSWORD1]', 'data')).toBe('[secret:DB_[secret:DB_PASSWORD]]');
    const same = redactorOf({ MY_PASSWORD: 'MY_PASSWORD' });
    expect(same.redact('[secret:MY_PASSWORD] MY_PASSWORD', 'data')).toBe('[secret:MY_PASSWORD] [secret:MY_PASSWORD]');
  });
});

describe('shapes in connector text', () => {
  const redactor = createRedactor();
  it.each([
    ['Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
    ['authorization: Basic dXNlcg==\nHost: x', 'authorization: Basic [redacted]\nHost: x'],
    ['Authorization: Custom abc next', 'Authorization: [redacted] next'],
    ['{"Authorization": "Bearer abc", "a": 1}', '{"Authorization": "[redacted]", "a": 1}'],
    ["{'access_token': 'a b c', 'x': 1}", "{'access_token': '[redacted]', 'x': 1}"],
    ['{"access_token":"a\\"b","expires_in":3600}', '{"access_token":"[redacted]","expires_in":3600}'],
    ['{\\"api_key\\":\\"zz\\",\\"b\\":1}', '{\\"api_key\\":\\"[redacted]\\",\\"b\\":1}'],
    ['GET /x?token=abc&page=2', 'GET /x?token=[redacted]&page=2'],
    ['api_key: abc, password=d!e$f user=me', 'api_key: [redacted], password=[redacted] user=me'],
    ['client_secret => q', 'client_secret => [redacted]'],
    ['got Bearer abcdefgh.IJKLMNOP', 'got Bearer [redacted]'],
    ['redis://user:pw@host/0', 'redis://user:[redacted]@host/0'],
  ])('%s', (text, expected) => {
    expect(redactor.redact(text, 'connector')).toBe(expected);
    expect(redactor.redact(expected, 'connector')).toBe(expected);
    expect(redactor.redact(text, 'text')).toBe(text);
  });

  it.each([
    'token expired',
    'The token is invalid; password: null, "secret": true',
    'basic understanding of internationalization',
    'token=[secret:X] api_key="[redacted]"',
    'http://localhost:8080/path and time 10:20',
    'password: secret_reference::DB_PASSWORD',
    'tokens: 500, secret_count=3',
  ])('leaves %s', (text) => {
    expect(redactor.redact(text, 'connector')).toBe(text);
  });

  it('labels a known value with its name', () => {
    const known = redactorOf({ MINE: 'abcdefgh12' });
    expect(known.redact('token=abcdefgh12 password="xabcdefgh12x"', 'connector')).toBe(
      'token=[secret:MINE] password="[secret:MINE]"',
    );
  });
});

describe('redactValue', () => {
  const redactor = redactorOf({ NUMBER: '1234567890', TOKEN: 'tok-1234567' });
  it('redacts strings, numbers and the keys that are data', () => {
    const input = {
      rows: [{ 'tok-1234567': 1234567890, note: 'x tok-1234567', small: 12, ok: true, none: null }],
      big: 1234567890n,
    };
    const copy = structuredClone(input);
    const own = new Set(['rows', 'note', 'small', 'big', 'ok', 'none']);
    expect(redactor.redactValue(input, 'data', (key) => own.has(key))).toEqual({
      rows: [{ '[secret:TOKEN]': '[secret:NUMBER]', note: 'x [secret:TOKEN]', small: 12, ok: true, none: null }],
      big: '[secret:NUMBER]',
    });
    expect(input).toEqual(copy);
  });

  it('keeps two keys apart that become the same mark, and survives odd keys and depth', () => {
    expect(redactor.redactValue({ 'tok-1234567': 1, 'tok-123 4567': 2 }, 'data')).toEqual({
      '[secret:TOKEN]': 1,
      '[secret:TOKEN] (2)': 2,
    });
    const odd = JSON.parse('{"__proto__": {"a": "tok-1234567"}}');
    expect(JSON.stringify(redactor.redactValue(odd, 'data'))).toBe('{"__proto__":{"a":"[secret:TOKEN]"}}');
    const deep = JSON.parse(`${'['.repeat(5000)}"tok-1234567"${']'.repeat(5000)}`);
    expect(JSON.stringify(redactor.redactValue(deep, 'data'))).not.toContain('tok-1234567');
  });
});

describe('stream', () => {
  it('holds back the end of the text until a pause, whatever it contains', () => {
    const stream = redactorOf({ TOKEN: 'tok-1234567' }).stream('text');
    expect(stream.push('hello\n')).toEqual([]);
    expect(stream.push('see tok-12')).toEqual([]);
    expect(stream.push('\n34567 fine!\nand')).toEqual([]);
    expect(stream.flushLines()).toEqual(['hello\nsee [secret:TOKEN] fine!\n']);
    expect(stream.push(' tok-')).toEqual([]);
    expect(stream.end()).toEqual(['and tok-']);
    expect(stream.end()).toEqual([]);
  });

  it('writes what is further from the end than the longest form of a secret', () => {
    const stream = redactorOf({ TOKEN: 'tok-1234567' }).stream('text');
    const text = 'x tok-1234567 y'.repeat(2_000);
    const out = stream.push(text).join('');
    expect(out.length).toBeGreaterThan(10_000);
    expect(out + stream.end().join('')).toBe(text.replaceAll('tok-1234567', '[secret:TOKEN]'));
  });

  it('holds back no more than a bound', () => {
    const stream = redactorOf({ TOKEN: 'tok-1234567' }).stream('text');
    const out = [...stream.push('tok-'), ...Array.from({ length: 100 }, () => stream.push(' '.repeat(8192))).flat()];
    expect(out).toContain('[redacted]');
    expect([...out, ...stream.end()].join('')).not.toContain('tok-');
  });
});
