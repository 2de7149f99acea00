/** Which database holds the cache. */
export type CacheKind = 'duckdb' | 'postgres';
