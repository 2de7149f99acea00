import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Modes, ProjectFolder } from '../../config/index.ts';
import type { Problem } from '../../errors.ts';
import { clockText } from '../../hosts.ts';
import type { Services } from '../services.ts';
import { bytesText } from '../text.ts';
import { type Call, defineTool } from '../tool.ts';

const mode = z.object({ on: z.boolean(), variable: z.string(), set_by: z.string() });
const realmModes = z.object({ safe_mode: mode, read_only_mode: mode });

const output = z.object({
  version: z.string(),
  modes: z.object({ local: realmModes, cloud: realmModes }),
  project_directory: z.object({ path: z.string().optional(), set_by: z.string(), problem: z.string().optional() }),
  env_file: z.object({
    path: z.string().optional(),
    set_by: z.string(),
    found: z.boolean(),
    readable: z.boolean(),
    readable_by: z.string(),
    problem: z.string().optional(),
  }),
  runtimes: z.array(
    z.object({
      name: z.string(),
      found: z.boolean(),
      path: z.string().optional(),
      version: z.string().optional(),
      fix: z.string().optional(),
    }),
  ),
  sandbox: z.object({
    setting: z.string(),
    kind: z.string(),
    reason: z.string().optional(),
    fix: z.string().optional(),
    read_directories: z.array(z.string()),
    write_directories: z.array(z.string()),
  }),
  installed_connectors: z.array(
    z.object({
      name: z.string(),
      connector: z.string(),
      version: z.string(),
      runtime: z.string(),
      bytes: z.number(),
      note: z.string().optional(),
    }),
  ),
  hosts: z.array(z.object({ host: z.string(), reached: z.boolean(), at: z.string() })),
  cache: z.object({
    database: z.string(),
    path: z.string().optional(),
    url: z.string().optional(),
    problem: z.string().optional(),
  }),
  exports_path: z.string().optional(),
  cloud: z.object({
    configured: z.boolean(),
    contacted: z.literal(false),
    api_url: z.string().optional(),
    settings: z.array(z.string()),
  }),
  created_this_session: z.array(
    z.object({ realm: z.string(), kind: z.string(), id: z.string(), name: z.string().optional() }),
  ),
  warnings: z.array(z.string()),
});
export type Status = z.infer<typeof output>;

export const getStatus = defineTool({
  name: 'get_status',
  title: 'Status of Sluice',
  description:
    'Modes, project directory, env file, runtimes (uv, Python, Docker), installed connectors, what this session created, and warnings with their fixes.',
  input: z.strictObject({}),
  output,
  realm: 'local',
  effect: 'read',
  async run(_input, call) {
    const data = await collectStatus(call);
    return { text: statusText(data), data };
  },
});

/** Everything `get_status` and the terminal's `doctor` tell. Contacts nothing outside this machine. */
export async function collectStatus({ services }: Pick<Call, 'services'>): Promise<Status> {
  const { settings, vault, connectors, ledger, audit, project } = services;
  const [secrets, found] = await Promise.all([vault.status(), connectors.status()]);
  // Asking for a folder is how a missing project directory is made and an unusable one noticed.
  const projectProblem = await project.folder('logs').then(
    () => undefined,
    (error: { message: string; next?: string }) => `${error.message} ${error.next ?? ''}`.trim(),
  );
  const { path: envPath } = settings.envFile;
  const envFound =
    envPath !== undefined &&
    (await stat(envPath).then(
      () => true,
      () => false,
    ));
  const envReadable = secrets.envFile?.readable ?? false;
  // A file that was mended after the start is read again: what was wrong at the start is no longer told.
  const envProblem = envReadable ? undefined : (settings.envFile.problem ?? secrets.problems[0]);
  const auditProblem = audit.problem();
  const noUrl = await missingUrl(services);
  return {
    version: settings.version,
    modes: { local: modesText(settings.modes.local), cloud: modesText(settings.modes.cloud) },
    project_directory: {
      path: settings.projectDirectory.path,
      set_by: settings.projectDirectory.origin,
      problem: projectProblem,
    },
    env_file: {
      path: settings.envFile.path,
      set_by: settings.envFile.origin,
      found: envFound,
      readable: envReadable,
      readable_by: secrets.envFile?.readableBy ?? 'owner',
      problem: told(envProblem) || undefined,
    },
    runtimes: found.runtimes.map((runtime) => ({ ...runtime })),
    sandbox: {
      setting: found.sandbox.setting,
      kind: found.sandbox.kind,
      reason: found.sandbox.reason,
      fix: found.sandbox.fix,
      read_directories: [...settings.readDirectories],
      write_directories: [...settings.writeDirectories],
    },
    installed_connectors: found.installed.map(({ id: _, ...entry }) => entry),
    hosts: found.hosts.map(({ host, reached, at }) => ({ host, reached, at: new Date(at).toISOString() })),
    cache: {
      database: services.cache.kind,
      path: services.cache.kind === 'duckdb' ? pathIn(project, 'cache', 'cache.duckdb') : undefined,
      url: settings.sharedCache?.problem ? undefined : settings.sharedCache?.reference,
      problem: told(settings.sharedCache?.problem) || noUrl,
    },
    exports_path: pathIn(project, 'exports'),
    cloud: {
      configured: settings.cloud.configured,
      contacted: false,
      api_url: settings.cloud.configured ? settings.cloud.apiUrl : undefined,
      settings: [...settings.cloud.names],
    },
    created_this_session: ledger.list().map((entry) => ({ ...entry })),
    warnings: [
      ...settings.warnings.filter((text) => !(envReadable && text === told(settings.envFile.problem))),
      ...(projectProblem && !settings.projectDirectory.problem ? [projectProblem] : []),
      ...(noUrl ? [noUrl] : []),
      ...secrets.problems
        .filter((problem) => !settings.warnings.includes(told(problem)))
        .map((problem) => `${problem.path}: ${told(problem)}`),
      ...secrets.warnings,
      ...secrets.tooShort.map(
        (name) => `${name} has fewer than 8 characters: too short to protect everywhere. Use a longer secret.`,
      ),
      ...secrets.guessable.map(
        (name) =>
          `${name} could be guessed: whoever names its value in a query sees that it is hidden. Use a longer, random secret.`,
      ),
      ...secrets.changedSettings.map(
        (name) => `${name} changed in the env file: restart the server for it to take effect.`,
      ),
      ...found.sandbox.warnings,
      ...(found.sandbox.kind === 'none' && found.sandbox.setting !== 'off'
        ? [`Connectors that run as processes are not confined: ${found.sandbox.reason}. ${found.sandbox.fix ?? ''}`]
        : []),
      ...(auditProblem ? [auditProblem] : []),
    ],
  };
}

function pathIn(project: Services['project'], folder: ProjectFolder, file = ''): string | undefined {
  const path = project.peek(folder);
  return path === undefined ? undefined : join(path, file);
}

function told(problem: Problem | undefined): string {
  return problem ? `${problem.message} ${problem.fix}` : '';
}

/** The cache's URL is a secret of a name: whether there is one, not what it says. */
async function missingUrl({ settings, vault }: Services): Promise<string | undefined> {
  const name = /^secret_reference::(\w+)/.exec(
    settings.sharedCache?.problem ? '' : (settings.sharedCache?.reference ?? ''),
  )?.[1];
  if (name === undefined) return undefined;
  const found = (await vault.list()).find((entry) => entry.name === name);
  if (found?.set) return undefined;
  return `There is no secret ${name} that SLUICE_CACHE_URL could mean. Write ${name}='postgres://…' into the env file.`;
}

function modesText({ safe, readOnly }: Modes): z.infer<typeof realmModes> {
  const of = ({ on, variable, origin }: Modes['safe']): z.infer<typeof mode> => ({ on, variable, set_by: origin });
  return { safe_mode: of(safe), read_only_mode: of(readOnly) };
}

function statusText(status: Status): string {
  const { modes, project_directory: project, env_file: env } = status;
  const switches = (realm: 'local' | 'cloud'): string =>
    `${realm}: safe mode ${onOff(modes[realm].safe_mode)}, read-only ${onOff(modes[realm].read_only_mode)}`;
  return [
    `Sluice ${status.version}`,
    `Modes: ${switches('local')}: this machine's sources, syncs and data (${modes.local.safe_mode.variable}, ${modes.local.read_only_mode.variable}); ${switches('cloud')}: objects of an Airbyte (${modes.cloud.safe_mode.variable}, ${modes.cloud.read_only_mode.variable}).`,
    `Project directory: ${project.path ?? 'none'} (${project.set_by})`,
    `Env file: ${env.path ?? 'not set'}${env.path ? (env.readable ? ' (readable)' : ' (NOT readable)') : ' (AIRBYTE_MCP_ENV_FILE)'}`,
    ...status.runtimes.map(({ name, found, version, path, fix }) =>
      found
        ? `${name}: ${version ?? 'found'} ${name === 'docker' ? 'running ' : ''}at ${path ?? '?'}${fix ? ` (${fix})` : ''}`
        : missingText({ name, fix }),
    ),
    `Hosts: ${status.hosts.map(hostText).join('; ') || 'none asked yet'}.`,
    sandboxText(status.sandbox),
    `Installed connectors: ${
      status.installed_connectors
        .map(({ name, bytes, note }) => `${name}: ${bytesText(bytes)}${note ? `, ${note}` : ''}`)
        .join('; ') || 'none'
    }`,
    `Cache: ${status.cache.database}${status.cache.url ? ` (${status.cache.url})` : ''}${status.cache.path ? ` at ${status.cache.path}` : ''}${status.cache.problem ? ' (NOT usable)' : ''}`,
    `Exports: ${status.exports_path ?? 'none'}`,
    `Cloud: ${status.cloud.configured ? `credentials set for ${status.cloud.api_url ?? 'an address that cannot be used'}` : 'no credentials'}, not contacted.`,
    `Created this session: ${status.created_this_session.map(createdText).join(', ') || 'nothing'}`,
    ...status.warnings.map((warning) => `Warning: ${warning}`),
  ].join('\n');
}

/** What confines connectors, or why nothing does. */
export function sandboxText({ setting, kind, reason, fix }: Status['sandbox']): string {
  if (kind !== 'none')
    return `Sandbox: connectors that run as processes are confined by ${kind} (SLUICE_SANDBOX ${setting}).`;
  return `Sandbox: none (SLUICE_SANDBOX ${setting}), because ${reason ?? 'none was found'}.${fix ? ` ${fix}` : ''}`;
}

/** Ids of this machine are of no use to a reader; in the cloud they are what other tools take. */
function createdText({ realm, kind, id, name }: Status['created_this_session'][number]): string {
  if (realm === 'cloud') return `cloud ${kind} ${name ? `"${name}" (${id})` : id}`;
  return `${kind} ${name ?? id}`;
}

function hostText({ host, reached, at }: Status['hosts'][number]): string {
  return `${host} ${reached ? 'reached' : 'NOT reached'} at ${clockText(Date.parse(at))}`;
}

function onOff({ on, set_by: by }: z.infer<typeof mode>): string {
  return `${on ? 'on' : 'off'} (${by})`;
}

/** An engine that does not answer, or not to this user, may well be there. */
export function missingText({ name, fix }: { readonly name: string; readonly fix?: string | undefined }): string {
  return `${name}: ${name === 'docker' ? 'not usable' : 'not found'}. ${fix ?? ''}`;
}
