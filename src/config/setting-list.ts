/** Every setting, with what `npm run docs` writes about it into docs/settings.md. Anything else that looks like one is a typing mistake. */

interface SettingTopic {
  readonly title: string;
  readonly settings: readonly Setting[];
}

interface Setting {
  readonly name: string;
  /** What may be written, in Markdown. */
  readonly values: string;
  /** The value when the setting is absent, in Markdown. */
  readonly default: string;
  /** What the setting does, in Markdown. */
  readonly meaning: string;
}

const ON_OFF = '`0`, `1`';
const NONE = 'none';
const FOLDERS = 'absolute folders, separated as in `PATH`';
const SECRET_NAMES = 'names, separated by commas';
const SIZE = 'an amount, such as `512m` or `4g`';

export const SETTING_TOPICS = [
  {
    title: 'Files and folders',
    settings: [
      {
        name: 'AIRBYTE_MCP_ENV_FILE',
        values: 'absolute path',
        default: NONE,
        meaning: 'the env file, with secrets and settings',
      },
      {
        name: 'AIRBYTE_PROJECT_DIR',
        values: 'absolute path',
        default: '`~/.local/share/sluice/project` (macOS: `~/Library/Application Support/sluice/project`)',
        meaning: 'where saved sources, the cache, connectors and logs are stored',
      },
      {
        name: 'SLUICE_CONFIG_DIRS',
        values: FOLDERS,
        default: 'the project',
        meaning: 'folders from which `config_file` and `manifest_path` may be read',
      },
      {
        name: 'SLUICE_ALLOW_EXECUTABLES',
        values: FOLDERS,
        default: NONE,
        meaning: 'folders whose programs the `executable` runtime may run',
      },
    ],
  },
  {
    title: 'Modes and secrets',
    settings: [
      {
        name: 'SLUICE_SAFE_MODE',
        values: ON_OFF,
        default: '`1`',
        meaning: 'local: change or destroy only what this session created',
      },
      {
        name: 'SLUICE_READONLY_MODE',
        values: ON_OFF,
        default: '`0`',
        meaning: 'local: look and query only; nothing is run, saved or synced',
      },
      {
        name: 'AIRBYTE_CLOUD_MCP_SAFE_MODE',
        values: ON_OFF,
        default: '`1`',
        meaning: 'cloud: change or destroy only what this session created',
      },
      {
        name: 'AIRBYTE_CLOUD_MCP_READONLY_MODE',
        values: ON_OFF,
        default: '`0`',
        meaning: 'cloud: look, check, and run existing syncs only',
      },
      {
        name: 'SLUICE_SENSITIVE',
        values: SECRET_NAMES,
        default: NONE,
        meaning: 'secret names that are sensitive, regardless of the rule',
      },
      {
        name: 'SLUICE_PLAIN',
        values: SECRET_NAMES,
        default: NONE,
        meaning: 'secret names that are not sensitive, regardless of the rule',
      },
    ],
  },
  {
    title: 'Connectors',
    settings: [
      {
        name: 'SLUICE_SANDBOX',
        values: '`require`, `auto`, `off`',
        default: '`auto`',
        meaning:
          'confine connectors that run as processes: `require` runs none without a sandbox, `auto` uses a sandbox if there is one, `off` uses none',
      },
      {
        name: 'SLUICE_READ_DIRS',
        values: FOLDERS,
        default: NONE,
        meaning: 'folders that connectors which run as processes may read',
      },
      {
        name: 'SLUICE_WRITE_DIRS',
        values: FOLDERS,
        default: NONE,
        meaning: 'folders that these connectors may read and write',
      },
      {
        name: 'SLUICE_CONNECTOR_MEMORY',
        values: SIZE,
        default: NONE,
        meaning: 'memory that the processes of one connector may use together',
      },
      { name: 'SLUICE_DOCKER_MEMORY', values: SIZE, default: '`2g`', meaning: 'memory of one container' },
      {
        name: 'SLUICE_DOCKER_CPUS',
        values: 'a number, such as `2` or `0.5`',
        default: '`2`',
        meaning: 'processors of one container',
      },
      {
        name: 'SLUICE_DOCKER_PIDS',
        values: 'a number',
        default: '`1024`',
        meaning: 'processes and threads of one container',
      },
      {
        name: 'SLUICE_DOCKER_MOUNTS',
        values: '`/abs/folder`, or `/abs/folder=/path/inside`, separated as in `PATH`',
        default: NONE,
        meaning: 'folders that every source in a container may read, and every destination may write',
      },
      {
        name: 'AIRBYTE_LOCAL_REGISTRY',
        values: 'URL or absolute path',
        default: "Airbyte's public registry",
        meaning: 'another registry of connectors',
      },
      {
        name: 'AIRBYTE_OFFLINE_MODE',
        values: ON_OFF,
        default: '`0`',
        meaning: 'never use the network for the registry, packages or interpreters',
      },
    ],
  },
  {
    title: 'Cache and exports',
    settings: [
      {
        name: 'SLUICE_CACHE_URL',
        values: '`secret_reference::NAME` of a `postgres://…` URL',
        default: "the project's DuckDB file",
        meaning: 'a [shared cache](shared-cache.md)',
      },
      {
        name: 'SLUICE_SCHEMA_MAX_AGE',
        values: 'a duration, such as `30m` or `7d`',
        default: '`24h`',
        meaning: "maximum age of a source's schema before a sync asks for it again",
      },
      {
        name: 'SLUICE_EXPORT_MAX_BYTES',
        values: 'an amount, such as `500m` or `20g`',
        default: '`2g`',
        meaning: 'maximum size of one export',
      },
      {
        name: 'SLUICE_EXPORT_MAX_ROWS',
        values: 'a number',
        default: '`100000000`',
        meaning: 'maximum rows of one export',
      },
    ],
  },
  {
    title: 'Airbyte',
    settings: [
      {
        name: 'AIRBYTE_CLOUD_CLIENT_ID',
        values: 'text',
        default: NONE,
        meaning: 'id of an application in Airbyte',
      },
      {
        name: 'AIRBYTE_CLOUD_CLIENT_SECRET',
        values: 'text',
        default: NONE,
        meaning: 'secret of this application',
      },
      {
        name: 'AIRBYTE_CLOUD_BEARER_TOKEN',
        values: 'text',
        default: NONE,
        meaning: 'a token instead of id and secret; it is not renewed',
      },
      {
        name: 'AIRBYTE_CLOUD_API_URL',
        values: 'URL, such as `https://HOST/api/public/v1`',
        default: '`https://api.airbyte.com/v1`',
        meaning: 'public API of a self-managed Airbyte',
      },
      {
        name: 'AIRBYTE_CLOUD_CONFIG_API_URL',
        values: 'URL, such as `https://HOST/api/v1`',
        default: 'derived from the public API',
        meaning: 'configuration API of a self-managed Airbyte',
      },
      {
        name: 'AIRBYTE_CLOUD_WORKSPACE_ID',
        values: 'id',
        default: 'the only one',
        meaning: 'the workspace of a call that names none',
      },
      {
        name: 'AIRBYTE_CLOUD_ORGANIZATION_ID',
        values: 'id',
        default: 'the only one',
        meaning: 'the organization whose only workspace is used',
      },
      {
        name: 'SLUICE_ALLOW_HTTP',
        values: ON_OFF,
        default: '`0`',
        meaning: 'allow plain http to an Airbyte on another machine',
      },
    ],
  },
] as const satisfies readonly SettingTopic[];

export const SETTING_NAMES: readonly string[] = SETTING_TOPICS.flatMap(({ settings }) =>
  settings.map(({ name }) => name),
);
