import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanSql, codeOnly } from './sql-text.ts';

describe('SQL as it is sent', () => {
  test.each([
    ['```sql\nSELECT 1\n```', 'SELECT 1'],
    ['```\nSELECT 1;\n```\n', 'SELECT 1'],
    ['```SELECT 1```', 'SELECT 1'],
    ['```sql SELECT 1```', 'SELECT 1'],
    ['  ```DuckDB\r\nSELECT 1\r\n```;', 'SELECT 1'],
    ['SELECT 1;; \n;', 'SELECT 1'],
    ['SELECT ‘open’', "SELECT 'open'"],
    ['SELECT * FROM t WHERE a=‘b c’ AND b = ’x’', "SELECT * FROM t WHERE a='b c' AND b = 'x'"],
    ['SELECT “order” FROM „all”', 'SELECT "order" FROM "all"'],
    ["SELECT 'it’s', \"a’b\", e'\\'‘x’' -- ‘no’", "SELECT 'it’s', \"a’b\", e'\\'‘x’' -- ‘no’"],
    ['SELECT $$‘a’$$, /* ‘b’ */ ‘c’', "SELECT $$‘a’$$, /* ‘b’ */ 'c'"],
    ['SELECT it’s FROM t’s', 'SELECT it’s FROM t’s'],
    ["SELECT ';'", "SELECT ';'"],
    ['SELECT `a` FROM t', 'SELECT `a` FROM t'],
    [
      'SELECT "\\ufeffid", \'\\ufeff\', "\\u0041" FROM “\\u202et”',
      'SELECT "\ufeffid", \'\\ufeff\', "\\u0041" FROM "\u202et"',
    ],
  ])('%j', (sent, cleaned) => expect(cleanSql(sent)).toBe(cleaned));

  test('code alone contains nothing from quotes or comments', () => {
    expect(codeOnly('SELECT \'a`b\' , "c`d" /* ` */ FROM `t` -- `')).toBe('SELECT   ,     FROM `t`  ');
    expect(codeOnly("SELECT a$b, $1, 'open")).toBe('SELECT a$b, $1,  ');
  });

  test('any text is read to its end in linear time', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '$$',
      '$a$',
      '/*',
      '*/',
      '--',
      '\n',
      '‘',
      '’',
      '“',
      'x',
      ' ',
      '\\',
      'e',
      '$',
      '-',
      '/',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const sql = `SELECT ${pieces.join('')}`;
        expect(cleanSql(sql).length).toBeGreaterThan(0);
        expect(codeOnly(sql).length).toBeLessThanOrEqual(sql.length);
      }),
    );
    const started = performance.now();
    for (const many of ['$a', '‘', '/*', "e'", '“x', '`']) cleanSql(`‘x’ ${many.repeat(90_000 / many.length)}`);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
