// DuckDB alone, in a process of its own: node duckdb-alone.js '{"file","database","table","columns"}'
import { DuckDBInstance } from '@duckdb/node-api';

const { file, database, table, columns } = JSON.parse(process.argv[2]);
const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");
await connection.run(`CREATE TABLE ${table} AS SELECT * FROM read_ndjson('${file}', columns = ${columns})`);
connection.closeSync();
instance.closeSync();
