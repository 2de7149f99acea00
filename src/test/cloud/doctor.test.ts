/** Doctor contacts the configured Airbyte and reports what is wrong with its address or credentials. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeAirbyte, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { cloudEnvironment } from '../harness/airbyte.ts';
import { startTyped } from '../harness/terminal.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let airbyte: FakeAirbyte;
beforeEach(async () => {
  workplace = await makeWorkplace();
  airbyte = await startAirbyte();
});
afterEach(async () => {
  await airbyte.close();
  await workplace.remove();
});

const doctor = async (environment: Record<string, string> = {}) => {
  const { code, out } = await startTyped(workplace, ['doctor'], {
    ...workplace.environment,
    ...cloudEnvironment(airbyte),
    ...environment,
  }).ended;
  return { code, cloud: out.slice(out.indexOf('\nAirbyte Cloud')) };
};

test('who is answered, and in which workspace', async () => {
  const { cloud } = await doctor();
  expect(cloud).toContain('✓ ');
  expect(cloud).toContain('workspace Workshop');
  expect(cloud).not.toContain('configuration API');
});

test.each([
  ['wrong credentials', { AIRBYTE_CLOUD_CLIENT_SECRET: 'not-the-right-one-1' }, 'does not accept the credentials'],
  ['a workspace that is none', { AIRBYTE_CLOUD_WORKSPACE_ID: 'Workshop' }, 'AIRBYTE_CLOUD_WORKSPACE_ID is not a UUID'],
  ['plain http elsewhere', { AIRBYTE_CLOUD_API_URL: 'http://airbyte.example.com/api/public/v1' }, 'plain http'],
])('%s', async (_what, environment, words) => {
  const { code, cloud } = await doctor(environment);
  expect(code).toBe(1);
  expect(cloud).toContain(`✗ `);
  expect(cloud).toContain(words);
  expect(cloud).not.toContain('not-the-right-one-1');
});

test('a configuration API that is elsewhere, while the public one answers', async () => {
  const { cloud } = await doctor({ AIRBYTE_CLOUD_CONFIG_API_URL: `${new URL(airbyte.publicUrl).origin}/nothing/v1` });
  expect(cloud).toContain('✓ ');
  expect(cloud).toMatch(/configuration API does not answer.*AIRBYTE_CLOUD_CONFIG_API_URL/);
});
