/** Stored registry manifests, and detection of stored files that changed since they were fetched. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadSettings } from '../../config/index.ts';
import { openProject, type Project } from '../../project/index.ts';
import { keepManifest, storedManifest } from './stored-manifest.ts';

let folder: string;
let project: Project;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-manifest-'));
  project = openProject(loadSettings('0.0.0', { projectDirectory: folder }, {}).settings);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it.each([{ manifest: 'streams: [a, b]\n' }, { manifest: 'streams: [a]\n', components: 'class A: pass\n' }])(
  'is given back as it was fetched, and not where it was cut off or changed since',
  async (files) => {
    await keepManifest(project, 'source-x', '1.0.0', files);
    expect(await storedManifest(project, 'source-x', '1.0.0')).toEqual(files);
    const path = join(folder, 'connectors', 'source-x', 'manifest-1.0.0');
    await writeFile(join(path, files.components ? 'components.py' : 'manifest.yaml'), 'streams: [');
    expect(await storedManifest(project, 'source-x', '1.0.0')).toBeUndefined();
    await keepManifest(project, 'source-x', '1.0.0', files);
    expect(await storedManifest(project, 'source-x', '1.0.0')).toEqual(files);
  },
);
