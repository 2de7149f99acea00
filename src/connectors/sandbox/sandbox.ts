/** Confines connectors that run as processes, and refuses configurations that name what they may not use. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../config/index.ts';
import { InputError, SetupError } from '../../errors.ts';
import { bubblewrapCommand } from './bubblewrap.ts';
import { checkPaths, type PathFinding } from './check-paths.ts';
import { type Choice, chooseSandbox } from './choose.ts';
import { type Grant, type Mount, planMounts } from './mounts.ts';
import { isWithin, spellings, tidy } from './paths.ts';
import { protectedPaths } from './protected-paths.ts';
import { type RuntimeFiles, runtimeFiles } from './runtime-files.ts';
import { seatbeltCommand } from './seatbelt.ts';
import { certificateGrants, SYSTEM_GRANTS, systemMounts } from './system-files.ts';
import type { Confined, ConfinedRun, Sandbox } from './types.ts';

export type SandboxSettings = Pick<
  Settings,
  | 'sandbox'
  | 'readDirectories'
  | 'writeDirectories'
  | 'executableDirectories'
  | 'envFile'
  | 'projectDirectory'
  | 'userDataDirectory'
>;

/** @param environment what finds programs */
export function createSandbox(settings: SandboxSettings, environment: Readonly<Record<string, string>>): Sandbox {
  let chosen: Promise<Choice> | undefined;
  const choose = (): Promise<Choice> => {
    if (settings.sandbox === 'off') return Promise.resolve({ kind: 'none', reason: 'SLUICE_SANDBOX is off' });
    chosen ??= chooseSandbox(environment);
    return chosen;
  };
  const ready = async (): Promise<Choice> => {
    const choice = await choose();
    if (choice.kind === 'none' && settings.sandbox === 'require') throw missing(choice);
    return choice;
  };
  return {
    status: async () => {
      const { kind, reason, fix } = await choose();
      const text =
        kind === 'none'
          ? `connectors that run as processes are not confined: ${reason ?? 'no sandbox was found'}`
          : `connectors that run as processes are confined by ${kind}`;
      return { setting: settings.sandbox, kind, reason, fix, text, warnings: await folderWarnings(settings) };
    },
    async admit({ runtime, literals = {}, isDestination }) {
      const isProcess = runtime !== undefined && runtime !== 'docker';
      const choice = isProcess ? await ready() : undefined;
      const found = await checkPaths(literals, {
        protectedPaths: await protectedPaths(settings),
        runFolder: join(settings.projectDirectory.path ?? '/', 'runs', 'run', 'work'),
        openFolders: [...settings.readDirectories, ...settings.writeDirectories],
      });
      const isRefused = ({ kind }: PathFinding): boolean =>
        kind === 'protected' || choice?.kind === 'none' || (isProcess && isDestination && kind === 'lost');
      const problems = found.filter(isRefused).map(({ problem }) => problem);
      if (problems.length > 0) {
        throw new InputError(
          'local_path',
          'The configuration names paths of this machine that the connector may not use.',
          'Correct the listed fields and call again.',
          { problems },
        );
      }
      return isProcess ? found.map(({ problem: { path, message, fix } }) => `${path}: ${message} ${fix}`) : [];
    },
    async confine(run) {
      const { kind, program } = await ready();
      if (kind === 'none') return undefined;
      return confineRun(settings, kind === 'bubblewrap' ? program : undefined, run);
    },
  };
}

async function confineRun(settings: SandboxSettings, bwrap: string | undefined, run: ConfinedRun): Promise<Confined> {
  const { projectDirectory, executableDirectories } = settings;
  const project = projectDirectory.path;
  const [hidden, files] = await Promise.all([
    protectedPaths(settings),
    runtimeFiles(run.command[0], {
      project,
      connectors: project === undefined ? undefined : join(project, 'connectors'),
      executableDirectories,
      environment: run.environment,
    }),
  ]);
  const home = join(run.folder, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const environment = { ...run.environment, HOME: home };
  return bwrap === undefined
    ? {
        command: await seatbelt(settings, run, hidden, files),
        // The short link to it is in a folder that a confined program cannot read.
        environment: { ...environment, TMPDIR: run.temporary },
        isWrapped: false,
      }
    : bubblewrap(settings, bwrap, { ...run, environment }, hidden, files);
}

async function bubblewrap(
  settings: SandboxSettings,
  bwrap: string,
  run: ConfinedRun,
  hidden: readonly string[],
  files: RuntimeFiles,
): Promise<Confined> {
  const opened = openedGrants(settings);
  const grants = [
    ...SYSTEM_GRANTS,
    ...certificateGrants(run.environment),
    ...files.others.map((path) => ({ path })),
    ...opened,
  ];
  const [system, { mounts }] = await Promise.all([systemMounts(), planMounts(grants, hidden)]);
  // If a person opens the machine's /tmp, use that one.
  const ownTmp = !opened.some(({ path }) => isWithin('/tmp', tidy(path)));
  // Read-only for a destination: files that a configuration names there would be lost with the run.
  const temporary = !ownTmp ? run.temporary : run.writes ? '/run/tmp' : '/tmp';
  const bind = (source: string, target: string, write: boolean): Mount => ({ kind: 'bind', source, target, write });
  const command = bubblewrapCommand({
    bwrap,
    folder: run.folder,
    command: run.command,
    mounts: [
      ...system,
      ...(ownTmp && run.writes ? [{ kind: 'folder', target: '/tmp' } as const] : []),
      ...(ownTmp ? [bind(run.temporary, temporary, true)] : []),
      ...withoutDoubles(system, mounts),
      ...files.own.map((path) => bind(path, path, false)),
      ...(run.completes ?? []).map((path) => bind(path, path, true)),
      bind(run.folder, run.folder, true),
    ],
  });
  return { command, isWrapped: true, environment: { ...run.environment, TMPDIR: temporary } };
}

async function seatbelt(
  settings: SandboxSettings,
  { command, folder, environment, completes = [] }: ConfinedRun,
  hidden: readonly string[],
  files: RuntimeFiles,
): Promise<readonly [string, ...string[]]> {
  const real = async (paths: readonly string[]): Promise<string[]> => (await Promise.all(paths.map(spellings))).flat();
  const certificates = certificateGrants(environment).map(({ path }) => path);
  const folders = await real([folder]);
  return seatbeltCommand(
    {
      readable: await real([...settings.readDirectories, ...files.others, ...certificates]),
      writable: await real(settings.writeDirectories),
      protectedPaths: hidden,
      own: [...(await real(files.own)), ...folders],
      folder: folders.at(-1) ?? folder,
      completes: await real(completes),
    },
    command,
  );
}

function openedGrants({ readDirectories, writeDirectories }: SandboxSettings): Grant[] {
  return [...readDirectories.map((path) => ({ path })), ...writeDirectories.map((path) => ({ path, write: true }))];
}

/** A link can be made once. */
function withoutDoubles(earlier: readonly Mount[], later: readonly Mount[]): Mount[] {
  const links = new Set(earlier.flatMap((mount) => (mount.kind === 'link' ? [mount.target] : [])));
  return later.filter((mount) => mount.kind !== 'link' || !links.has(mount.target));
}

/** Folders that a person opened in vain. */
async function folderWarnings(settings: SandboxSettings): Promise<string[]> {
  const { leftOut } = await planMounts(openedGrants(settings), await protectedPaths(settings));
  return leftOut.map(({ path, reason }) => `SLUICE_READ_DIRS, SLUICE_WRITE_DIRS: ${path} is left out: ${reason}.`);
}

function missing({ reason, fix }: Choice): SetupError {
  return new SetupError(
    'sandbox_missing',
    `SLUICE_SANDBOX is require, and connectors cannot be confined: ${reason ?? 'no sandbox was found'}.`,
    fix ?? 'Set SLUICE_SANDBOX=auto and restart the server.',
  );
}
