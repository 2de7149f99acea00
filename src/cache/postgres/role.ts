/** Which roles may query: a superuser's read-only transaction can still read files and run programs on the server. */
import { SetupError } from '../../errors.ts';
import { quoteName, quoteText } from '../load/names.ts';
import type { Client } from './client.ts';

const PRIVILEGED = ['pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'];

/** The roles of the login and of the session, and all roles that they can assume, inherited or not. */
const ROLES = `SELECT string_agg(DISTINCT CASE WHEN r.rolsuper THEN 'a superuser' ELSE r.rolname::text END, ', ') AS held,
    current_setting('server_version_num') AS version
  FROM pg_roles AS r WHERE (r.rolsuper OR r.rolname IN (${PRIVILEGED.map(quoteText).join(', ')}))
    AND (pg_has_role(session_user, r.oid, 'MEMBER') OR pg_has_role(current_user, r.oid, 'MEMBER'))`;
const OLDEST = 14;

/**
 * @throws SetupError `cache_role` with the statements that make a role for it, `cache_version`
 */
export async function checkRole(client: Client): Promise<void> {
  const { rows } = await client.query<{ held: string | null; version: string }>(ROLES);
  const { held = null, version = '0' } = rows[0] ?? {};
  if (Number(version) < OLDEST * 10_000) {
    throw new SetupError(
      'cache_version',
      `The server is older than Postgres ${OLDEST}: queries cannot be judged there.`,
      `Let a person update it to Postgres ${OLDEST} or newer.`,
    );
  }
  if (held === null) return;
  throw new SetupError(
    'cache_role',
    `query is refused: the role of SLUICE_CACHE_URL is, or may become, ${held}: such a role reads files and runs programs of the server even in a read-only transaction. Syncs and describe_data work.`,
    `Let a person run this in the cache's database, and put the new role into the URL:\n${await statements(client)}`,
  );
}

/** Statements for a role that owns the synced tables, so that it may sync and query. */
async function statements(client: Client): Promise<string> {
  const datasets = await client
    .query<{ dataset: string }>('SELECT DISTINCT dataset FROM _sluice.streams ORDER BY 1 LIMIT 100')
    .then(({ rows }) => rows.map(({ dataset }) => dataset))
    .catch(() => undefined);
  const schemas = datasets ? ['_sluice', ...datasets] : [];
  const list = schemas.map(quoteText).join(', ');
  return [
    "CREATE ROLE sluice LOGIN PASSWORD 'a long password' NOSUPERUSER NOCREATEDB NOCREATEROLE;",
    "DO $$ BEGIN EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO sluice', current_database()); END $$;",
    ...schemas.map((schema) => `ALTER SCHEMA ${quoteName(schema)} OWNER TO sluice;`),
    ...(schemas.length > 0
      ? [
          `DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN (${list}) AND c.relkind = 'r' LOOP EXECUTE format('ALTER TABLE %s OWNER TO sluice', t); END LOOP; END $$;`,
        ]
      : []),
  ].join('\n');
}
