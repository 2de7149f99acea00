// Bundles src/ into dist/: one small entry, and chunks that are loaded when a call needs them.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const outdir = join(root, 'dist');

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  // The second is a program of its own, which outlives a server that was killed.
  entryPoints: { main: 'src/main.ts', 'end-containers': 'src/connectors/docker/end-containers.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Less to parse is a quicker start; the map next to it decodes the stacks of bug reports (the package leaves it out).
  minify: true,
  sourcemap: 'external',
  metafile: true,
  logLevel: 'warning',
  // Native code cannot be bundled; it is the only runtime dependency.
  external: Object.keys(manifest.dependencies),
  alias: { '@modelcontextprotocol/server/_shims': './src/server/mcp-shims.ts' },
  define: { SLUICE_VERSION: JSON.stringify(manifest.version) },
  // Some bundled packages are CommonJS and ask for Node's own modules by require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
writeFileSync(join(outdir, 'THIRD-PARTY.txt'), notices(metafile));

/** Name, version and licence text of every package whose code is in the bundle. */
function notices({ inputs }) {
  const folders = new Set(
    Object.keys(inputs).flatMap((file) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[0] ?? []),
  );
  return [...folders].sort().map(noticeOf).join('\n');
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const text = ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt', 'LICENCE'].flatMap((file) => {
    try {
      return [readFileSync(join(root, folder, file), 'utf8')];
    } catch {
      return [];
    }
  });
  return `${name} ${version} (${license})\n${'-'.repeat(60)}\n${text[0] ?? ''}\n`;
}
