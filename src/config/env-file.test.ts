import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testWith } from '../test/harness/requirements.ts';
import { envFileStamp, readEnvFile, readEnvFileSync } from './env-file.ts';

const PEM = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  'kQ3xYz9w==',
  '-----END PRIVATE KEY-----',
];
let folder = '';
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-env-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Buffer, mode = 0o600): string {
  count += 1;
  const path = join(folder, `${count}.env`);
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
  return path;
}

async function read(content: string | Buffer) {
  const contents = await readEnvFile(file(content));
  return {
    values: Object.fromEntries(contents.values),
    problems: contents.problems,
    warnings: contents.warnings,
    reported: JSON.stringify([contents.problems, contents.warnings]),
    lines: contents.problems.map((problem) => Number(problem.path.split(':').at(-1))),
  };
}

describe('values', () => {
  it('reads what dotenv and python-dotenv read', async () => {
    const { values, problems, warnings } = await read(
      [
        '# a comment',
        'PLAIN=one',
        'export EXPORTED=two',
        '  SPACED = three  ',
        "SINGLE='with # and \"'",
        'DOUBLE="a\\nb" # a comment',
        "MULTI='first",
        "second=2'",
        'EQUALS=a=b==c',
        'EMPTY=',
        'YAML: four',
        'JSON={"a":[1,2]}',
      ].join('\r\n'),
    );
    expect(values).toEqual({
      PLAIN: 'one',
      EXPORTED: 'two',
      SPACED: 'three',
      SINGLE: 'with # and "',
      DOUBLE: 'a\nb',
      MULTI: 'first\nsecond=2',
      EQUALS: 'a=b==c',
      EMPTY: '',
      YAML: 'four',
      JSON: '{"a":[1,2]}',
    });
    expect(problems).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/:7: the quoted value of MULTI .* check its closing quote/);
  });

  it('reads a PEM and JSON in quotes over several lines without a warning', async () => {
    const json = '{\n  "private_key": "a=b"\n}';
    const { values, reported } = await read(`KEY='${PEM.join('\n')}'\nSERVICE='${json}'\nLAST="x"\n`);
    expect(values).toEqual({ KEY: PEM.join('\n'), SERVICE: json, LAST: 'x' });
    expect(reported).toBe('[[],[]]');
  });

  it('uses the last of two, and warns', async () => {
    const { values, warnings } = await read('A=1\nB=2\nA=3\n');
    expect(values).toEqual({ B: '2', A: '3' });
    expect(warnings).toEqual([expect.stringMatching(/:3: A is already set on line 1/)]);
  });

  it('keeps a # that no blank precedes, and warns of a value that is cut at another', async () => {
    const { values, warnings } = await read('A=pass#word\nB=x # note\nC="in#quotes"\nD= # note\nE=#x\nF=a\t#b\n');
    expect(values).toEqual({ A: 'pass#word', B: 'x', C: 'in#quotes', D: '', E: '#x', F: 'a' });
    expect(warnings.map((warning) => /value of (\w)/.exec(warning)?.[1])).toEqual(['B', 'F']);
    expect(warnings.join()).not.toMatch(/word|note/);
  });

  it('reads escapes as python-dotenv does', async () => {
    const { values, reported } = await read(`A='a\\\\b\\'c\\n'\nB="a\\\\b\\"c\\n\\t\\q'"\nC='{"k":"a\\\\nb"}'\n`);
    expect(values).toEqual({ A: `a\\b'c\\n`, B: `a\\b"c\n\t\\q'`, C: '{"k":"a\\nb"}' });
    expect(reported).toBe('[[],[]]');
  });

  it.each([
    ['JSON whose quotes make it none', `A="{\\"private_key\\": \\"${PEM.join('\\n')}\\"}"`, /single quotes/],
    ['JSON cut at a blank and #', 'A={"a": "b #c"}', /single quotes/],
    ['typographic quotes', 'A=‘some-value’', /typographic/],
    ['typographic double quotes', 'A=“some-value”', /typographic/],
    ['backticks', 'A=`some-value`', /backticks/],
    ['a variable', `A=x$\{OTHER}`, /no variable/],
    ['a PEM in single quotes with its line breaks written out', `A='${PEM.join('\\n')}'`, /double quotes/],
  ])('warns of %s', async (_what, line, words) => {
    const { warnings, values } = await read(`${line}\nB=2\n`);
    expect(warnings).toEqual([expect.stringMatching(words)]);
    expect(Object.keys(values)).toEqual(['A', 'B']);
    expect(warnings.join()).not.toMatch(/some-value|MIIE/);
  });

  it('reports nothing for one-line JSON with a private key, in single quotes or in none', async () => {
    const json = `{"private_key": "${PEM.join('\\n')}", "a": 1}`;
    const { values, reported } = await read(`A='${json}'\nB=${json}\n`);
    expect(values).toEqual({ A: json, B: json });
    expect(reported).toBe('[[],[]]');
  });

  it('warns of a PEM with its line breaks written out', async () => {
    const { values, warnings } = await read(`A=${PEM.join('\\n')}\n`);
    expect(values.A).toContain('BEGIN');
    expect(warnings).toEqual([expect.stringContaining('double quotes')]);
  });
});

describe('mistakes', () => {
  it.each([
    ['a PEM', `A=1\nKEY=${PEM.join('\n')}\nB=2\n`, [2], ['A', 'B']],
    ['a PEM on the line after', `A=1\nKEY=\n${PEM.join('\n')}\nB=2\n`, [3], ['A', 'KEY', 'B']],
    ['a PEM in a quote that is never closed', `A=1\nKEY="${PEM.join('\n')}\nB=2\n`, [2], ['A', 'B']],
    ['a PEM without its end', `A=1\nKEY=${PEM.slice(0, 3).join('\n')}\nB=2\n`, [2], ['A']],
    ['base64 lines of nobody', `A=1\n${PEM.slice(1, 3).join('\n')}\nB=2\n`, [2], ['A', 'B']],
    ['a last line of base64', 'A=1\nkQ3xYz9w==\nB=2\n', [2], ['A', 'B']],
    ['JSON over lines', 'A=1\nKEY={\n "client_email": "x=y",\n MIIEvQ=IBADAN\n}\nB=2\n', [2], ['A', 'B']],
    ['JSON that is never closed', 'A=1\nKEY={"a": "b",\nc=d\n', [2], ['A']],
    ['a bracket that is no JSON', 'A=1\nKEY={abc\nB=2\n', [2], ['A', 'B']],
    ['a quote that is never closed', "A=1\nKEY='abc\nkQ3xYz9w==\nB=2\n", [2], ['A', 'B']],
    ['a line that is no entry', 'A=1\njust words\nB=2\n', [2], ['A', 'B']],
  ])('%s: names the line, and reads no name from it', async (_what, content, lines, names) => {
    const result = await read(content);
    expect(result.lines).toEqual(lines);
    expect(Object.keys(result.values)).toEqual(names);
    expect(result.reported).not.toMatch(/MIIE|kQ3x|client_email|x=y|abc|just|"b"/);
    expect(result.problems[0]?.fix).toMatch(/single quotes|NAME=value/);
  });

  it.each([
    'my-name=secretvalue',
    '1A=secretvalue',
    `${'A'.repeat(65)}=secretvalue`,
    'a.b=secretvalue',
    '__proto__=secretvalue',
  ])('a name that cannot be used: %s', async (line) => {
    const result = await read(`${line}\nB=2\n`);
    expect(result.values).toEqual({ B: '2' });
    expect(result.lines).toEqual([1]);
    expect(result.reported).not.toMatch(/secretvalue|my-name|AAAA/);
  });

  it('reveals no value, whatever the file contains', async () => {
    const word = fc.string({ unit: fc.constantFrom(...'QZX789+/='), minLength: 6, maxLength: 30 });
    const line = fc.oneof(
      word,
      fc
        .tuple(
          fc.constantFrom(
            'A=',
            'b=',
            'export C=',
            "D='",
            'E="',
            'F={',
            'G=[',
            'H={"',
            'I:',
            'J=-----BEGIN KEY-----',
            '-',
            'K=`',
          ),
          word,
        )
        .map((pair) => pair.join('')),
      fc.constantFrom('}', ']', "'", '"', '', '#', '-----END KEY-----'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const { reported, values } = await read(lines.join('\n'));
        const paths = reported.replaceAll(folder, '');
        expect(paths).not.toMatch(/[QZX789+]{4}/);
        for (const name of Object.keys(values)) expect(name).toMatch(/^[A-K]$|^b$|^[QZX][QZX789]*$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the file itself', () => {
  it('accepts UTF-8 with a byte order mark', async () => {
    expect((await read(`\ufeffA=é\n`)).values).toEqual({ A: 'é' });
  });

  it.each([
    ['UTF-16 with a mark', Buffer.from('\ufeffA=secret\n', 'utf16le'), 'UTF-16'],
    ['UTF-16 without a mark', Buffer.from('A=secret\n', 'utf16le'), 'UTF-16'],
    ['Latin-1', Buffer.from('A=caf\u00e9\n', 'latin1'), 'UTF-8'],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, ...Array(900).fill(65), 0, 1]), 'binary'],
  ])('reports %s', async (_what, bytes, word) => {
    const { values, problems } = await read(bytes);
    expect(values).toEqual({});
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(word);
    expect(problems[0]?.fix).toContain('UTF-8');
  });

  it('throws what a person can fix: missing, a directory, too large', async () => {
    const directory = join(folder, 'directory');
    mkdirSync(directory, { recursive: true });
    const large = file(Buffer.alloc(1024 * 1024 + 1, 'A'));
    for (const [path, code] of [
      [join(folder, 'none.env'), 'env_file_missing'],
      [directory, 'env_file_is_directory'],
      [large, 'env_file_too_large'],
    ] as const) {
      await expect(readEnvFile(path)).rejects.toMatchObject({
        code,
        kind: 'setup',
        message: expect.stringContaining(path),
      });
      expect(() => readEnvFileSync(path)).toThrow(expect.objectContaining({ code }));
      await expect(envFileStamp(path)).rejects.toMatchObject({ code });
    }
  });

  testWith(['unprivileged'], 'throws where the file cannot be read', async () => {
    const path = file('A=1', 0o000);
    await expect(readEnvFile(path)).rejects.toMatchObject({
      code: 'env_file_unreadable',
      next: expect.stringContaining('chmod 600'),
    });
  });

  it('reports who else can read it', async () => {
    expect(await readEnvFile(file('A=1', 0o600))).not.toHaveProperty('readableBy');
    const group = await readEnvFile(file('A=1', 0o640));
    expect(group.readableBy).toBe('group');
    expect(group.warnings).toEqual([expect.stringContaining(`chmod 600 ${group.path}`)]);
    expect(readEnvFileSync(file('A=1', 0o644)).readableBy).toBe('everyone');
  });

  it('changes its stamp with the file', async () => {
    const path = file('A=1');
    utimesSync(path, new Date(0), new Date(0));
    const { stamp } = await readEnvFile(path);
    expect(await envFileStamp(path)).toBe(stamp);
    writeFileSync(path, 'A=2');
    utimesSync(path, statSync(path).atime, new Date(0));
    expect(await envFileStamp(path)).not.toBe(stamp);
  });
});
