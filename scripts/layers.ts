/**
 * Which module may import which: the table, and the linter's rules that are generated from it.
 * `npm run layers` writes layers.json, which .biome.jsonc extends; with `--check` it only compares.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** From the top down: a module imports only from the layers below its own, through their `index.ts`. */
const LAYERS = [
  ['cli', 'server'],
  ['tools'],
  ['sync', 'sources', 'cloud'],
  ['connectors', 'registry', 'cache'],
  ['secrets', 'safety'],
  ['project'],
  ['protocol'],
  ['config'],
];
/** In addition to the layers: what may be imported from the same layer, and what may not from those below. */
const ALLOWED: Record<string, readonly string[]> = { safety: ['secrets'] };
const FORBIDDEN: Record<string, readonly string[]> = { cloud: ['connectors', 'registry', 'cache'] };
/** Packages that only some modules may import. */
const PACKAGES = [
  { names: ['@duckdb/node-api'], modules: ['cache'], message: 'Only cache opens a database.' },
  { names: ['execa'], modules: ['connectors'], message: 'Only connectors spawns processes.' },
  { names: ['node:child_process'], modules: ['connectors', 'project'], message: 'Only connectors spawns processes.' },
  {
    names: ['server', 'server/stdio', 'client', 'client/stdio'].map((name) => `@modelcontextprotocol/${name}`),
    modules: ['server', 'cli'],
    message: 'Only server and cli/demo know MCP.',
  },
];

function overrideOf(module: string, layer: number): object {
  const below = LAYERS.slice(layer + 1).flat();
  const entered = [...below, ...(ALLOWED[module] ?? [])].filter((other) => !FORBIDDEN[module]?.includes(other));
  const closed = LAYERS.flat().filter((other) => other !== module && !entered.includes(other));
  const law = `The import law: ${module} may import only from ${entered.join(', ') || 'no other module'}.`;
  const packages = PACKAGES.filter(({ modules }) => !modules.includes(module));
  const options = {
    paths: Object.fromEntries(packages.flatMap(({ names, message }) => names.map((name) => [name, { message }]))),
    patterns: [
      { group: closed.flatMap((other) => inside(module, other)), message: law },
      {
        group: entered.flatMap((other) =>
          inside(module, other).flatMap((glob) => [glob, `!${glob.slice(0, -2)}index.ts`]),
        ),
        message: 'Import from the index.ts of a module.',
      },
    ].filter(({ group }) => group.length > 0),
  };
  const style = { noRestrictedImports: { level: 'error', options } };
  return { includes: [`src/${module}/**`, '!**/*.test.ts'], linter: { rules: { style } } };
}

/** How files of a module would import from inside of another; by relative paths where it has a folder of the same name. */
function inside(module: string, other: string): string[] {
  const own = existsSync(new URL(`../src/${module}/${other}`, import.meta.url));
  return own ? [`../../${other}/**`, `../../../${other}/**`] : [`**/${other}/**`];
}

const path = fileURLToPath(new URL('layers.json', import.meta.url));
const overrides = LAYERS.flatMap((modules, layer) => modules.map((module) => overrideOf(module, layer)));
const text = `${JSON.stringify({ overrides })}\n`;
if (!process.argv.includes('--check')) writeFileSync(path, text);
else if (JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))) !== JSON.stringify(JSON.parse(text))) {
  process.stderr.write('scripts/layers.json is not what scripts/layers.ts makes of it. Run npm run layers.\n');
  process.exitCode = 1;
}
