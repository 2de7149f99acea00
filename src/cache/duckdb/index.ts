export { type Database, openDatabase } from './database.ts';
export { duckdbCache } from './duckdb-cache.ts';
