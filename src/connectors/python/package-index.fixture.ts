/** A package index on loopback, with packages that a test describes: what an installer does is real, what it installs is small. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface TestPackage {
  readonly name: string;
  readonly version: string;
  readonly requiresPython?: string;
  readonly yanked?: boolean;
  readonly dependsOn?: readonly string[];
  /** Modules in addition to its own, or instead of it: name to source. */
  readonly modules?: Readonly<Record<string, string>>;
  /** The name of its program; without one it brings none. */
  readonly program?: string;
  /** A source distribution that cannot be built. */
  readonly broken?: boolean;
}

export interface TestIndex {
  /** For `onlyIndex`. */
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Builds one distribution; its arguments are the file to write and the package as JSON. */
const BUILD = `
import io, json, sys, tarfile, zipfile
path, p = sys.argv[1], json.loads(sys.argv[2])
module = p["name"].replace("-", "_")
meta = ["Metadata-Version: 2.1", "Name: " + p["name"], "Version: " + p["version"]]
if p.get("requiresPython"): meta.append("Requires-Python: " + p["requiresPython"])
meta += ["Requires-Dist: " + d for d in p.get("dependsOn", [])]
meta = "\\n".join(meta) + "\\n"
if p.get("broken"):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (("pyproject.toml", '[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n'), ("backend.py", "raise RuntimeError('this package cannot be built')\\n"), ("PKG-INFO", meta)):
            info = tarfile.TarInfo(module + "-" + p["version"] + "/" + name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    sys.exit()
source = "import json, sys\\ndef run():\\n    spec = {'type': 'SPEC', 'spec': {'connectionSpecification': {'title': '%s'}}}\\n    check = {'type': 'CONNECTION_STATUS', 'connectionStatus': {'status': 'SUCCEEDED'}}\\n    print(json.dumps(check if 'check' in sys.argv else spec))\\n" % p["version"]
info = module + "-" + p["version"] + ".dist-info/"
with zipfile.ZipFile(path, "w") as wheel:
    modules = {module: source, **p.get("modules", {})}
    for name, text in modules.items(): wheel.writestr(name + ".py", text)
    wheel.writestr(info + "METADATA", meta)
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    if p.get("program"): wheel.writestr(info + "entry_points.txt", "[console_scripts]\\n%s = %s:run\\n" % (p["program"], module))
    wheel.writestr(info + "RECORD", "")
`;

/** Settings that make pip and uv use only this index, regardless of this machine's configuration. */
export function onlyIndex(url: string): Record<string, string> {
  const own = Object.fromEntries(['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL'].map((name) => [name, url]));
  const others = ['PIP_EXTRA_INDEX_URL', 'UV_EXTRA_INDEX_URL', 'UV_INDEX', 'PIP_FIND_LINKS', 'UV_FIND_LINKS'];
  return { ...own, ...Object.fromEntries(others.map((name) => [name, ''])) };
}

/** @param json whether pages are JSON, or HTML like older indexes */
export async function startIndex(packages: readonly TestPackage[], json = true): Promise<TestIndex> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-index-'));
  const files = await Promise.all(packages.map((one) => build(folder, one)));
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const [, kind, name = ''] = path.split('/');
    const own = files.filter((file) => file.package.name === name);
    const file = files.find((one) => kind === 'files' && one.filename === name);
    if (file) {
      response.end(await readFile(join(folder, file.filename)));
    } else if (kind === 'simple' && own.length > 0) {
      response.setHeader('content-type', json ? 'application/vnd.pypi.simple.v1+json' : 'text/html');
      response.end(json ? jsonPage(name, own) : htmlPage(own));
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/simple`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface BuiltFile {
  readonly package: TestPackage;
  readonly filename: string;
  readonly sha256: string;
}

async function build(folder: string, one: TestPackage): Promise<BuiltFile> {
  const stem = `${one.name.replaceAll('-', '_')}-${one.version}`;
  const filename = one.broken ? `${stem}.tar.gz` : `${stem}-py3-none-any.whl`;
  await promisify(execFile)('python3', ['-c', BUILD, join(folder, filename), JSON.stringify(one)]);
  const sha256 = createHash('sha256')
    .update(await readFile(join(folder, filename)))
    .digest('hex');
  return { package: one, filename, sha256 };
}

function jsonPage(name: string, files: readonly BuiltFile[]): string {
  return JSON.stringify({
    meta: { 'api-version': '1.0' },
    name,
    files: files.map(({ package: { requiresPython, yanked }, filename, sha256 }) => ({
      filename,
      url: `/files/${filename}`,
      hashes: { sha256 },
      ...(requiresPython ? { 'requires-python': requiresPython } : {}),
      yanked: yanked ?? false,
    })),
  });
}

function htmlPage(files: readonly BuiltFile[]): string {
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const links = files.map(({ package: { requiresPython, yanked }, filename, sha256 }) => {
    const requires = requiresPython ? ` data-requires-python="${escaped(requiresPython)}"` : '';
    return `<a href="/files/${filename}#sha256=${sha256}"${requires}${yanked ? ' data-yanked=""' : ''}>${filename}</a><br>`;
  });
  return `<!DOCTYPE html><html><body>\n${links.join('\n')}\n</body></html>`;
}
