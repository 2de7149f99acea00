/** From a command line to what it asks for. Serving is loaded at once, for that is what a client waits for; the rest when it is run. */
import { type Command, parseCommand } from './cli/index.ts';
import { type Arguments, demoEnvironment, type Loaded, loadSettings } from './config/index.ts';
import { createVault, type Vault } from './secrets/index.ts';
import { serve } from './server/index.ts';
import type { House } from './tools/index.ts';

declare const SLUICE_VERSION: string;

function load(args: Arguments): Loaded & { vault: Vault; openHouse: (recorded?: boolean) => Promise<House> } {
  const loaded = loadSettings(SLUICE_VERSION, args, process.env);
  const vault = createVault(loaded);
  const openHouse = async (recorded = true): Promise<House> =>
    (await import('./house.ts')).openHouse(loaded.settings, vault, recorded);
  return { ...loaded, vault, openHouse };
}

async function serveClient(args: Arguments): Promise<void> {
  const { settings, vault, openHouse } = load(args);
  if (process.stdin.isTTY) {
    process.stderr.write('sluice-mcp serves MCP on stdin and stdout. For a person: sluice-mcp --help\n');
  }
  serve({ settings, redactor: vault.redactor, openHouse: () => openHouse() });
}

async function runDoctor(args: Arguments): Promise<number> {
  const { chooseProject, doctor } = await import('./cli/doctor.ts');
  const chosen = await chooseProject(args, load(args).settings);
  if (!chosen) return 2;
  const { services, endAll } = await load(chosen).openHouse(false);
  const code = await doctor(services, process.stdout);
  await endAll();
  return code;
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
  switch (command.name) {
    case 'serve':
      return serveClient(command.arguments);
    case 'doctor':
      process.exitCode = await runDoctor(command.arguments);
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

await start(parseCommand(process.argv.slice(2)));
