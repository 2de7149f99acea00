/** Wires the rooms together: the only file that knows them all. */
import { join } from 'node:path';
import { openDatabase } from './cache/index.ts';
import { type Command, parseCommand } from './cli/index.ts';
import {
  type Arguments,
  childEnvironment,
  demoEnvironment,
  installerEnvironment,
  loadSettings,
} from './config/index.ts';
import { createConnectors } from './connectors/index.ts';
import { openProject } from './project/index.ts';
import { createRegistry } from './registry/index.ts';
import { createAudit, createLedger } from './safety/index.ts';
import { createVault } from './secrets/index.ts';
import { createSources } from './sources/index.ts';
import { createSyncs } from './sync/index.ts';
import type { Services } from './tools/index.ts';

declare const SLUICE_VERSION: string;

interface House {
  readonly services: Services;
  /** Ends connectors and syncs, writes what is pending, closes the cache. */
  endAll(): Promise<void>;
}

function build(args: Arguments): House {
  const { settings, contents } = loadSettings(SLUICE_VERSION, args, process.env);
  const project = openProject(settings);
  const vault = createVault({ settings, contents });
  const { redactor } = vault;
  const audit = createAudit(project, redactor);
  const registry = createRegistry({ settings, project });
  const connectors = createConnectors({
    settings,
    project,
    redactor,
    childEnvironment: childEnvironment(process.env),
    installerEnvironment: installerEnvironment(process.env),
  });
  const database = openDatabase({
    file: async () => join(await project.folder('cache'), 'cache.duckdb'),
    stagingDirectory: () => project.folder('staging'),
  });
  const syncs = createSyncs({ project, database, connectors, redactor });
  const sources = createSources(project, { vault, registry, connectors });
  const services: Services = {
    settings,
    project,
    vault,
    ledger: createLedger(),
    audit,
    registry,
    connectors,
    sources,
    database,
    syncs,
  };
  return {
    services,
    async endAll() {
      await Promise.allSettled([connectors.endAll(), syncs.endAll()]);
      await Promise.allSettled([database.close(), audit.settled()]);
    },
  };
}

async function start(command: Command): Promise<void> {
  switch (command.name) {
    case 'serve': {
      const { serve } = await import('./server/index.ts');
      const { services, endAll } = build(command.arguments);
      if (process.stdin.isTTY)
        process.stderr.write('sluice-mcp serves MCP on stdin and stdout. For a person: sluice-mcp --help\n');
      return serve(services, endAll);
    }
    case 'doctor': {
      const { chooseProject, doctor } = await import('./cli/doctor.ts');
      const { settings } = loadSettings(SLUICE_VERSION, command.arguments, process.env);
      const chosen = await chooseProject(command.arguments, settings);
      if (!chosen) {
        process.exitCode = 2;
        return;
      }
      const { services, endAll } = build(chosen);
      process.exitCode = await doctor(services, process.stdout);
      return endAll();
    }
    case 'demo': {
      const { settings } = loadSettings(SLUICE_VERSION, command.arguments, process.env);
      const { demo } = await import('./cli/demo/index.ts');
      process.exitCode = await demo({
        version: SLUICE_VERSION,
        projectDirectory: command.arguments.projectDirectory && settings.projectDirectory.path,
        environment: demoEnvironment(process.env),
        userDataDirectory: settings.userDataDirectory,
      });
      return;
    }
    case 'help':
    case 'version':
    case 'mistake': {
      const { printHelp } = await import('./cli/help.ts');
      process.exitCode = printHelp(command, SLUICE_VERSION);
    }
  }
}

await start(parseCommand(process.argv.slice(2)));
