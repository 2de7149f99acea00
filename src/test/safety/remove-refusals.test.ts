/** `remove` refuses unknown names, and in safe mode the objects of another session. One project serves all tests: nothing is removed. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesIn } from '../harness/machine.ts';
import { openRemovalProject, type RemovalProject } from './remove.fixture.ts';

let project: RemovalProject;
let syncId: string;
beforeAll(async () => {
  project = await openRemovalProject();
  await project.save();
  ({ sync_id: syncId } = await project.sync());
});
afterAll(() => project.close());

describe('remove refuses an unknown name and suggests a known one', () => {
  test.each([
    ['source', 'medow', 'unknown_source', 'meadow'],
    ['dataset', 'meadows', 'unknown_dataset', 'meadow'],
    ['table', 'meadow.user', 'unknown_table', 'meadow.users'],
    ['table', 'users', 'table_without_dataset', 'dataset.table'],
    ['dataset', '_sluice', 'unknown_dataset', 'meadow'],
    ['connector', 'source-nothing', 'unknown_connector', 'none'],
    ['sync', '20200101-000000-aaaaaa', 'unknown_sync', '20'],
    ['sync', '../sources', 'unknown_sync', '20'],
  ])('%s %s: %s', async (kind, name, code, suggestion) => {
    const error = await project.server.fail('remove', { kind, name });
    expect(error).toMatchObject({ code, next: expect.stringContaining(suggestion) });
  });
});

describe('in safe mode remove refuses what another session created, and names the terminal command', () => {
  beforeAll(() => project.startAnotherSession());

  test.each([
    ['source', 'meadow'],
    ['dataset', 'meadow'],
    ['table', 'meadow.users'],
    ['sync', 'the latest'],
  ])('%s', async (kind, name) => {
    const error = await project.server.fail('remove', { kind, name: kind === 'sync' ? syncId : name });
    expect(error).toMatchObject({
      kind: 'refused',
      code: 'safe_mode',
      next: expect.stringContaining('sluice-mcp remove'),
    });
    expect((await project.tables()).length).toBe(2);
    expect(await namesIn(join(project.workplace.project, 'sources'))).toEqual(['meadow.json']);
  });
});
