/** SQL that a model writes for another database, on a Postgres cache through the binary: cleaned, or an error that names what Postgres wants. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { startPostgres, type TestPostgres } from '../harness/postgres.ts';
import { describeWith } from '../harness/requirements.ts';
import { play, recordOf } from '../harness/script.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

describeWith(['postgres'], 'SQL of other databases on a Postgres cache', () => {
  let postgres: TestPostgres;
  let workplace: Workplace;
  let server: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
    workplace = await makeWorkplace(`CACHE_PLACE='${postgres.url(await postgres.makeDatabase())}'\n`);
    server = await startServer({ workplace, environment: { SLUICE_CACHE_URL: 'secret_reference::CACHE_PLACE' } });
    const properties = {
      id: { type: 'integer' },
      name: { type: 'string' },
      day: { type: 'string', format: 'date' },
      at: { type: 'string', format: 'date-time' },
      status: { type: 'object' },
      order: { type: 'integer' },
    };
    const record = {
      id: 1,
      name: 'Ann',
      day: '2026-01-02',
      at: '2026-01-02T03:04:05Z',
      status: { a: 'open' },
      order: 7,
    };
    await play(server, 'shop', [{ name: 'items', properties }], `${recordOf('items', record)}\n`);
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
    await postgres.stop();
  });

  it.each([
    ['```sql\nSELECT name FROM shop.items;\n```', 'Ann'],
    ['```postgresql\nSELECT name FROM shop.items\n```', 'Ann'],
    ['SELECT “name” FROM shop.items WHERE name = ‘Ann’;;', 'Ann'],
    ["SELECT status->>'a' FROM shop.items", 'open'],
    ['SELECT "order" FROM shop.items', 7],
  ])('%j is cleaned', async (sql, value) => {
    expect(await server.call('query', { sql })).toMatchObject({ rows: [[value]] });
    expect(await server.call('query', { sql, dry_run: true })).toMatchObject({ tables: ['shop.items'] });
  });

  const CASES = [
    ['SELECT `name` FROM shop.items', 'write "name" instead of `name`'],
    ['SELECT TOP 3 name FROM shop.items', 'write LIMIT 3 at the end'],
    ['SELECT TOP (3) name FROM shop.items', 'write LIMIT 3 at the end'],
    ['SELECT name FROM shop.items LIMIT 5, 10', 'LIMIT 10 OFFSET 5'],
    ['SELECT [name] FROM shop.items', 'double quotes'],
    ['SELECT order FROM shop.items', 'write "order" in double quotes'],
    ['SELECT 1 FROM dual', 'Leave FROM dual out'],
    ['SELECT name FROM shop.items WHERE rownum < 3', 'LIMIT n'],
    ["SELECT name FROM shop.items WHERE status = 'open'", "column->>'field' = 'text'"],
    // Functions.
    ['SELECT getdate()', 'Instead of getdate write now()'],
    ['SELECT sysdate', 'Instead of sysdate write now()'],
    ['SELECT curdate()', 'current_date'],
    ['SELECT isnull(id, 0) FROM shop.items', 'coalesce(value, other)'],
    ['SELECT ifnull(id, 0) FROM shop.items', 'coalesce(value, other)'],
    ['SELECT nvl(id, 0) FROM shop.items', 'coalesce(value, other)'],
    ['SELECT iif(id > 0, 1, 2) FROM shop.items', 'CASE WHEN'],
    ["SELECT strftime(day, '%Y-%m') FROM shop.items", "to_char(value, 'YYYY-MM-DD')"],
    ["SELECT date_format(day, '%Y-%m') FROM shop.items", "to_char(value, 'YYYY-MM-DD')"],
    ["SELECT strptime(name, '%Y') FROM shop.items", "to_timestamp(text, 'YYYY-MM-DD')"],
    ['SELECT datediff(day, day, now()) FROM shop.items', 'to::date - from::date'],
    ["SELECT date_diff('day', day, now()) FROM shop.items", 'to::date - from::date'],
    ['SELECT dateadd(day, 1, day) FROM shop.items', "INTERVAL '1 day'"],
    ["SELECT group_concat(name, ',') FROM shop.items", "string_agg(value, ',')"],
    ["SELECT json_extract_string(status, '$.a') FROM shop.items", "column->>'field'"],
    ["SELECT json_extract(status, '$.a') FROM shop.items", "column->'field'"],
    ['SELECT try_cast(name AS int) FROM shop.items', 'CAST(value AS type)'],
    ['SELECT len(name) FROM shop.items', 'length(text)'],
    ['SELECT median(id) FROM shop.items', 'percentile_cont(0.5)'],
    ['SELECT quantile_cont(id, 0.9) FROM shop.items', 'percentile_cont'],
    ['SELECT arg_max(name, id) FROM shop.items', '(array_agg(value ORDER BY other DESC))[1]'],
    ['SELECT max_by(name, id) FROM shop.items', '(array_agg(value ORDER BY other DESC))[1]'],
    ['SELECT min_by(name, id) FROM shop.items', '(array_agg(value ORDER BY other))[1]'],
    ['SELECT first(name) FROM shop.items', '(array_agg(value))[1]'],
    ['SELECT list(name) FROM shop.items', 'array_agg(value)'],
    ['SELECT approx_count_distinct(name) FROM shop.items', 'count(DISTINCT value)'],
    ["SELECT regexp_extract(name, 'A(.)', 1) FROM shop.items", 'substring(text FROM'],
    ["SELECT string_split(name, 'n') FROM shop.items", 'string_to_array(text'],
    ["SELECT contains(name, 'n') FROM shop.items", 'strpos(text, part) > 0'],
    ["SELECT instr(name, 'n') FROM shop.items", 'strpos(text, part)'],
    ['SELECT year(day), count(*) FROM shop.items GROUP BY 1', 'extract(year FROM value)'],
    ['SELECT month(day) FROM shop.items', 'extract(month FROM value)'],
    ['SELECT dayname(day) FROM shop.items', "to_char(value, 'FMDay')"],
    ['SELECT epoch(at) FROM shop.items', 'extract(epoch FROM value)'],
    ['SELECT epoch_ms(at) FROM shop.items', 'extract(epoch FROM value) * 1000'],
    ['SELECT * FROM range(10)', 'generate_series(from, to)'],
    ['SELECT count_if(id > 0) FROM shop.items', 'count(*) FILTER (WHERE condition)'],
    ['SELECT countif(id > 0) FROM shop.items', 'count(*) FILTER (WHERE condition)'],
    ['SELECT any_value(name) FROM shop.items', 'min(value)'],
    ['SELECT last_day(day) FROM shop.items', "date_trunc('month', value)"],
    // What only DuckDB's grammar has.
    ['SELECT id, row_number() OVER (ORDER BY id) AS r FROM shop.items QUALIFY r = 1', 'QUALIFY'],
    ['SELECT * EXCLUDE (id) FROM shop.items', 'Name the columns'],
    ['SELECT * REPLACE (id + 1 AS id) FROM shop.items', 'Name the columns'],
    ['SELECT * EXCEPT (id) FROM shop.items', 'Name the columns'],
    ['SELECT COLUMNS(*) FROM shop.items', 'Name the columns'],
    ['SELECT name, count(*) FROM shop.items GROUP BY ALL', 'Name the columns'],
    ['SELECT name FROM shop.items ORDER BY ALL', 'Name the columns'],
    ['FROM shop.items', 'SELECT * FROM'],
    ['SUMMARIZE shop.items', 'describe_data'],
    ['PIVOT shop.items ON name', 'FILTER (WHERE'],
    ['SELECT now() - INTERVAL 7 DAY', "INTERVAL '7 day'"],
    ['SELECT [1, 2, 3]', 'ARRAY['],
    ["SELECT {'a': 1}", 'jsonb_build_object'],
    ['SELECT id // 2 FROM shop.items', 'div('],
    ['SELECT id FROM shop.items WHERE id == 1', 'Write ='],
    ["SELECT * FROM 'items.parquet'", 'dataset.table'],
    ['SELECT * FROM shop.items a ASOF JOIN shop.items b USING (id)', 'LATERAL'],
    ['SELECT * FROM shop.items a ANTI JOIN shop.items b USING (id)', 'NOT EXISTS'],
    ['SELECT * FROM shop.items USING SAMPLE 10', 'TABLESAMPLE'],
  ] as const;
  it.each(CASES)('%s: what Postgres wants', async (sql, hint) => {
    const error = await server.fail('query', { sql });
    expect(error.next).toContain(hint);
  });
});
