/** Users without a home, as in containers with any uid: the server starts, reports what is missing, and works with a project folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorOf, type RawServer, startRaw } from '../harness/raw.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: RawServer;
beforeEach(async () => {
  workplace = await makeWorkplace();
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

describe.each([
  ['empty', ''],
  ['relative', 'home-of-nobody'],
])('with an %s HOME', (_what, HOME) => {
  test('nothing is created in the working directory', async () => {
    server = startRaw(workplace, { HOME, XDG_DATA_HOME: join(workplace.directory, 'data'), AIRBYTE_PROJECT_DIR: '' });
    await server.initialize();
    const status = await server.callTool('get_status');
    expect(status.result?.isError).toBeFalsy();
    await server.callTool('describe_data');
    expect((await readdir(workplace.directory)).sort()).toEqual(['data', 'open', 'test.env']);
  });
});

describeWith(['sandbox', 'unprivileged'], 'as a uid without a passwd entry and without HOME', () => {
  const asAnyUid = 'bwrap --unshare-user --uid 54321 --gid 54321 --dev-bind / /'.split(' ');
  const nobody = { HOME: '', XDG_DATA_HOME: '', AIRBYTE_MCP_ENV_FILE: '' };

  test('the server starts and names what to set; with a project folder it works', async () => {
    server = startRaw(workplace, { ...nobody, AIRBYTE_PROJECT_DIR: '' }, asAnyUid);
    await server.initialize();
    expect(JSON.stringify(await server.callTool('get_status'))).toContain('no home directory');
    const refused = await server.callTool('save_source', { name: 'a', connector: 'source-faker', config: {} });
    expect(JSON.stringify(errorOf(refused))).toContain('AIRBYTE_PROJECT_DIR');
    await server.close();
    server = startRaw(workplace, nobody, asAnyUid);
    await server.initialize();
    expect(errorOf(await server.callTool('describe_data')).code).toBe('no_data_yet');
  });
});
