import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Modes, ProjectFolder } from '../../config/index.ts';
import { type InstalledEntry, SHARED_CDK } from '../../connectors/index.ts';
import { type Problem, SluiceError } from '../../errors.ts';
import type { LedgerEntry } from '../../safety/index.ts';
import { redactName } from '../../secrets/index.ts';
import type { SavedConnector } from '../../sources/index.ts';
import type { Services } from '../services.ts';
import { type Call, defineTool } from '../tool.ts';
import { type mode, type realmModes, type Status, statusOutput } from './status-output.ts';
import { statusText } from './status-text.ts';

export const getStatus = defineTool({
  name: 'get_status',
  title: 'Status of Sluice',
  description:
    'Modes, project directory, env file, runtimes (uv, Python, Docker), hosts, installed connectors, what this session created, and warnings with their fixes. history: the calls of this session, with what they made, changed and deleted.',
  input: z.strictObject({ include: z.array(z.enum(['history'])).optional() }),
  output: statusOutput,
  realm: 'local',
  effect: 'read',
  async run({ include = [] }, call) {
    const status = await collectStatus(call);
    const data = include.includes('history') ? { ...status, history: historyOf(call.services) } : status;
    return { text: statusText(data), data };
  },
});

/** Everything that `get_status` and the terminal's `doctor` report. Contacts nothing outside this machine. */
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
  // The file is read again, so a problem fixed since the start is no longer reported.
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
      problem: described(envProblem) || undefined,
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
    installed_connectors: withUsers(found.installed, await savedSources(services)),
    hosts: found.hosts.map(({ host, reached, at }) => ({ host, reached, at: new Date(at).toISOString() })),
    cache: {
      database: services.cache.kind,
      path: services.cache.kind === 'duckdb' ? pathIn(project, 'cache', 'cache.duckdb') : undefined,
      url: settings.sharedCache?.problem ? undefined : settings.sharedCache?.reference,
      problem: described(settings.sharedCache?.problem) || noUrl,
    },
    exports_path: pathIn(project, 'exports'),
    cloud: {
      configured: settings.cloud.configured,
      contacted: services.cloud.lastContact() !== undefined,
      last_contact: services.cloud.lastContact(),
      api_url: settings.cloud.configured ? settings.cloud.apiUrl : undefined,
      settings: [...settings.cloud.names],
    },
    created_this_session: ledger.list().map((entry) => ({ ...entry })),
    warnings: [
      ...settings.warnings.filter((text) => !(envReadable && text === described(settings.envFile.problem))),
      ...(projectProblem && !settings.projectDirectory.problem ? [projectProblem] : []),
      ...(noUrl ? [noUrl] : []),
      ...secrets.problems
        .filter((problem) => !settings.warnings.includes(described(problem)))
        .map((problem) => `${problem.path}: ${described(problem)}`),
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

/** A damaged saved source, and an unusable project directory, are reported elsewhere. */
async function savedSources({ sources }: Services): Promise<readonly SavedConnector[]> {
  return sources.list().catch((error: unknown) => {
    if (error instanceof SluiceError) return [];
    throw error;
  });
}

/** The environment of manifests is used by saved sources with a manifest of their own, too. */
function withUsers(
  installed: readonly InstalledEntry[],
  sources: readonly SavedConnector[],
): Status['installed_connectors'] {
  const own = sources.filter(({ manifestPath }) => manifestPath !== undefined).map(({ name }) => `source "${name}"`);
  const shared = installed.filter(({ runtime }) => runtime === 'manifest').map(({ name }) => name);
  const users = [...shared, ...own];
  return installed.map(({ id: _, ...entry }) =>
    entry.connector === SHARED_CDK && users.length > 0 ? { ...entry, note: `shared by ${users.join(', ')}` } : entry,
  );
}

function pathIn(project: Services['project'], folder: ProjectFolder, file = ''): string | undefined {
  const path = project.peek(folder);
  return path === undefined ? undefined : join(path, file);
}

function described(problem: Problem | undefined): string {
  return problem ? `${problem.message} ${problem.fix}` : '';
}

/** The cache's URL is a named secret: checks that it exists, without reading it. */
async function missingUrl({ settings, vault }: Services): Promise<string | undefined> {
  const name = /^secret_reference::(\w+)/.exec(
    settings.sharedCache?.problem ? '' : (settings.sharedCache?.reference ?? ''),
  )?.[1];
  if (name === undefined) return undefined;
  const found = (await vault.list()).find((entry) => entry.name === name);
  if (found?.set) return undefined;
  return `SLUICE_CACHE_URL names the secret ${name}, which does not exist. Write ${name}='postgres://…' into the env file.`;
}

function modesText({ safe, readOnly }: Modes): z.infer<typeof realmModes> {
  const of = ({ on, variable, origin }: Modes['safe']): z.infer<typeof mode> => ({ on, variable, set_by: origin });
  return { safe_mode: of(safe), read_only_mode: of(readOnly) };
}

/** Other people choose the names in Airbyte: what looks like a secret in them is redacted. */
function historyOf({ history, vault }: Services): Status['history'] {
  const shown = (entry: LedgerEntry): LedgerEntry =>
    entry.realm === 'cloud' && entry.name !== undefined
      ? { ...entry, name: redactName(entry.name, vault.redactor) }
      : entry;
  return history.list().map((call) => ({
    ...call,
    made: call.made.map(shown),
    changed: call.changed.map(shown),
    deleted: call.deleted.map(shown),
  }));
}
