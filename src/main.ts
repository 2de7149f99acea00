/** Entry point: picks the command. Each command loads only what it needs, so that terminal commands do not load the MCP package. */
import { type Command, parseCommand, type Typed } from './cli/index.ts';
import { type Arguments, demoEnvironment, type Loaded, loadSettings } from './config/index.ts';
import { createVault, type Vault } from './secrets/index.ts';
import type { App, Services } from './tools/index.ts';

declare const SLUICE_VERSION: string;

function load(args: Arguments): Loaded & { vault: Vault; createApp: (recorded?: boolean) => Promise<App> } {
  const loaded = loadSettings(SLUICE_VERSION, args, process.env);
  const vault = createVault(loaded);
  const createApp = async (recorded = true): Promise<App> =>
    (await import('./app.ts')).createApp(loaded.settings, vault, recorded);
  return { ...loaded, vault, createApp };
}

async function serveClient(args: Arguments): Promise<void> {
  const serving = import('./server/index.ts');
  const { settings, vault, createApp } = load(args);
  if (process.stdin.isTTY) {
    process.stderr.write('sluice-mcp serves MCP on stdin and stdout. For a person: sluice-mcp --help\n');
  }
  const { serve } = await serving;
  serve({ settings, redactor: vault.redactor, createApp: () => createApp() });
}

/** Runs a terminal command on the chosen project. */
async function inProject({ arguments: args }: Typed, run: (services: Services) => Promise<number>): Promise<number> {
  const { chooseProject } = await import('./cli/choose-project.ts');
  const chosen = await chooseProject(args, load(args).settings);
  if (!chosen) return 2;
  const { services, endAll } = await load(chosen).createApp(false);
  try {
    return await run(services);
  } finally {
    await endAll();
  }
}

async function runDemo(args: Arguments): Promise<number> {
  const { settings } = load(args);
  const { demo } = await import('./cli/demo/index.ts');
  return demo({
    version: SLUICE_VERSION,
    projectDirectory: args.projectDirectory && settings.projectDirectory.path,
    environment: demoEnvironment(process.env),
    userDataDirectory: settings.userDataDirectory,
  });
}

async function start(command: Command): Promise<void> {
  // A reader that closes the pipe early, such as head, must not crash a sync or a list.
  if (command.name !== 'serve') for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  switch (command.name) {
    case 'serve':
      return serveClient(command.arguments);
    case 'doctor':
      process.exitCode = await inProject(command, async (services) =>
        (await import('./cli/doctor.ts')).doctor(services, process.stdout),
      );
      return;
    case 'sync':
      process.exitCode = await inProject(command, async (services) =>
        (await import('./cli/sync.ts')).runSync(services, command),
      );
      return;
    case 'syncs':
      process.exitCode = await inProject(command, async (services) =>
        (await import('./cli/syncs.ts')).listSyncs(services, command),
      );
      return;
    case 'schedule':
      process.exitCode = await inProject(command, async (services) =>
        (await import('./cli/schedule/index.ts')).runSchedule(services, command),
      );
      return;
    case 'remove':
      process.exitCode = await inProject(command, async (services) =>
        (await import('./cli/remove.ts')).runRemove(services, command),
      );
      return;
    case 'sources':
    case 'destinations':
      process.exitCode = await inProject(command, async (services) =>
        (await import('./cli/saved.ts')).runSaved(services, command),
      );
      return;
    case 'demo':
      process.exitCode = await runDemo(command.arguments);
      return;
    default: {
      const { printHelp } = await import('./cli/help.ts');
      process.exitCode = printHelp(command, SLUICE_VERSION);
    }
  }
}

// All files that are created hold a person's data, so only that person may read them.
process.umask(0o077);
await start(parseCommand(process.argv.slice(2)));
