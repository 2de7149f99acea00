/** Packages of PyPI as they are: one that cannot be installed, one that is too old for a new Python. */
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../../test/harness/requirements.ts';
import { makeTestContext, type TestContext } from '../connector-context.fixture.ts';

describeWith(['python', 'old-python', 'pypi'], 'a package of PyPI', () => {
  let context: TestContext;
  afterEach(() => context.remove());

  it('whose own pins contradict each other names the newest that can be installed', { timeout: 300_000 }, async () => {
    context = await makeTestContext();
    const facts = { runtimes: ['python' as const], pypiPackage: 'airbyte-source-file', version: '0.6.0' };
    const error = await context.connectors
      .install({ connector: 'source-file' }, facts, context.control())
      .catch((thrown: unknown) => thrown as Error & { next: string });
    expect(error).toMatchObject({ kind: 'connector', code: 'install_conflict' });
    expect((error as Error).message).toContain('airbyte-source-file 0.6.0 cannot be installed');
    expect(error).toHaveProperty('next', expect.stringMatching(/^Ask for version "0\.5\.\d+", the newest whose/));
    expect(JSON.stringify(error)).toContain('smart-open');
    expect(await context.connectors.installed()).toEqual([]);
  });

  it('whose CDK does not start on Python 3.11 is run by an older one', { timeout: 300_000 }, async () => {
    context = await makeTestContext();
    const facts = { runtimes: ['python' as const], pypiPackage: 'airbyte-source-rss', version: '1.0.31' };
    const installed = await context.connectors.install({ connector: 'source-rss' }, facts, context.control());
    expect(installed.reason).toMatch(/Python 3\.(10|9)\.\d+, because it does not start on 3\.11 or newer$/);
    expect(context.reported.join('\n')).toContain('use default_factory');
    const spec = await context.connectors.spec(installed, context.control());
    expect(spec.connectionSpecification).toMatchObject({ required: ['url'] });
  });
});
