/** Python code of a low-code connector: from a fake registry server, with archives that a real zip program made. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../test/harness/requirements.ts';
import type { RegistryEntry } from './types.ts';
import { makeFolder, startUpstream, type TestFolder, type Upstream } from './upstream.fixture.ts';

const ENTRY = {
  name: 'source-kit',
  repository: 'airbyte/source-kit',
  version: '1.0.0',
  releaseCandidates: [],
} as unknown as RegistryEntry;
const CODE = '# ü\nclass Upper:\n    pass\n';
const MAKE = `
import sys, zipfile
path, method, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
with zipfile.ZipFile(path, "w", method) as archive:
    for name in names: archive.writestr(name, ${JSON.stringify(CODE)} if name != "bomb.py" else b"0" * 50_000_000)
`;

describeWith(['python'], 'the components of a connector', () => {
  let upstream: Upstream;
  let folder: TestFolder;
  beforeEach(async () => {
    upstream = await startUpstream();
    folder = await makeFolder();
  });
  afterEach(async () => {
    await upstream.close();
    await folder.remove();
  });
  async function archive(method: 0 | 8 | 12, ...names: string[]): Promise<Buffer> {
    const path = join(folder.path, 'made.zip');
    await promisify(execFile)('python3', ['-c', MAKE, path, `${method}`, ...names]);
    return readFile(path);
  }
  /** Undefined is not there. */
  function serve(zip: Buffer | undefined, checksum: string | undefined): void {
    upstream.answer = (request, response) => {
      const body = request.url?.endsWith('.sha256') ? checksum : zip;
      if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    };
  }
  const digest = (zip: Buffer, as: 'hex' | 'base64'): string => createHash('sha256').update(zip).digest(as);
  const components = (environment?: Record<string, string>): Promise<string> =>
    folder.registry(upstream.origin, environment).components(ENTRY, '1.0.0', new AbortController().signal);

  it('are complete, stored or deflated, if the checksum is right', async () => {
    const stored = await archive(0, 'components.py', 'manifest.yaml');
    serve(stored, digest(stored, 'base64'));
    expect(await components()).toBe(CODE);
    const deflated = await archive(8, 'manifest.yaml', 'components.py');
    serve(deflated, `${digest(deflated, 'hex')}  components.zip\n`);
    expect(await components()).toBe(CODE);
    expect(upstream.requests.slice(0, 2).sort()).toEqual([
      'GET /files/metadata/airbyte/source-kit/1.0.0/components.zip',
      'GET /files/metadata/airbyte/source-kit/1.0.0/components.zip.sha256',
    ]);
  });

  it('are refused with another checksum, an empty one, or none', async () => {
    const zip = await archive(8, 'components.py');
    for (const checksum of [digest(Buffer.from('other'), 'base64'), '', ' \n', undefined]) {
      serve(zip, checksum);
      await expect(components()).rejects.toMatchObject({ kind: 'setup', code: 'components_unverified' });
    }
  });

  it('that are not published are reported as an error', async () => {
    serve(undefined, undefined);
    await expect(components()).rejects.toMatchObject({ kind: 'input', code: 'no_components' });
  });

  it('are taken by their exact name, and from nothing but an archive', async () => {
    const elsewhere = await archive(8, '../components.py', 'x/components.py', 'components.pyc');
    const unusual = await archive(12, 'components.py');
    const cut = (await archive(8, 'components.py')).subarray(0, 60);
    for (const zip of [elsewhere, unusual, cut, Buffer.from('<html>'), Buffer.alloc(0), Buffer.alloc(100)]) {
      serve(zip, digest(zip, 'base64'));
      await expect(components()).rejects.toMatchObject({ kind: 'upstream', code: 'bad_answer' });
    }
  });

  it('that are larger than the archive declares are not unpacked', async () => {
    const bomb = await archive(8, 'bomb.py');
    // The directory declares five bytes; the name has the requested length.
    const at = bomb.lastIndexOf(Buffer.from('504b0102', 'hex'));
    bomb.writeUInt32LE(5, at + 24);
    const names = Buffer.from('components.py');
    const end = Buffer.from(bomb.subarray(at + 46 + 7));
    const entry = Buffer.from(bomb.subarray(at, at + 46));
    entry.writeUInt16LE(names.length, 28);
    const lying = Buffer.concat([bomb.subarray(0, at), entry, names, end]);
    serve(lying, digest(lying, 'base64'));
    await expect(components()).rejects.toMatchObject({ kind: 'upstream', code: 'bad_answer' });
  });

  it('are not fetched offline', async () => {
    await expect(components({ AIRBYTE_OFFLINE_MODE: '1' })).rejects.toMatchObject({ kind: 'setup', code: 'offline' });
    expect(upstream.requests).toEqual([]);
  });
});
