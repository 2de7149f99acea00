export { postgresCache } from './postgres-cache.ts';
