/** Images from a registry: pulled with progress, cancelled on request, failures distinguished, local images reused. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callOut } from '../harness/calls.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { docker, makeDockerWorkplace } from '../harness/docker.ts';
import { type Behaviour, type ImageRegistry, startImageRegistry } from '../harness/image-registry.ts';
import { waitUntil } from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import type { Workplace } from '../harness/workplace.ts';

const subject = { connector: 'source-pulled', runtime: 'docker', config: { behaviours: [] } };
const MB = 1_000_000;

describeWith(['docker'], 'an image that is not here', () => {
  let registry: ImageRegistry;
  let workplace: Workplace;
  let server: TestServer;
  let image: string;

  beforeEach(async () => {
    registry = await startImageRegistry('sluice-test/source-hostile:1.0.0', 'test/source-pulled', 20 * MB);
    image = `${registry.repository}:1.0.0`;
    workplace = await makeDockerWorkplace({ [registry.repository]: '1.0.0' });
    server = await startServer({ workplace });
  });
  afterEach(async () => {
    await server.close();
    await registry.close();
    await docker('image', 'rm', '--force', image).catch(() => {});
    await workplace.remove();
  });

  const isHere = (): Promise<boolean> =>
    docker('image', 'inspect', image).then(
      () => true,
      () => false,
    );

  test('is pulled with its progress, used without the network afterwards, and removed as it came', async () => {
    registry.behave({ kind: 'slow', bytesPerSecond: 10 * MB });
    const messages: string[] = [];
    const answer = await server.call('validate_config', subject, { onProgress: (message) => messages.push(message) });
    expect(answer).toMatchObject({ valid: true, version: '1.0.0', runtime: 'docker' });
    const steps = messages.flatMap((line) => /: \d+ of \d+ layers, ([\d.]+) of ([\d.]+) MB$/.exec(line) ?? []);
    expect(steps.length, messages.join('\n')).toBeGreaterThan(3);
    expect(messages.join('\n')).toContain(`pulling ${image}`);

    await registry.close();
    const status = await server.call<{ installed: { connector: string; bytes: number }[] }>('get_status');
    expect(status.text).toContain('source-pulled');
    const offline = await startServer({ workplace, environment: { AIRBYTE_OFFLINE_MODE: '1' } });
    expect(await offline.call('validate_config', subject)).toMatchObject({ valid: true });
    await offline.close();

    await server.call('remove', { kind: 'connector', name: 'source-pulled' });
    expect(await isHere()).toBe(false);
    expect(existsSync(join(workplace.project, 'connectors', 'source-pulled', 'docker-1.0.0'))).toBe(false);
  });

  test('continues when the call is cancelled, and the next call joins it; with the server the engine stops', async () => {
    registry.behave({ kind: 'slow', bytesPerSecond: 2 * MB });
    const controller = new AbortController();
    const calling = server.client
      .callTool({ name: 'validate_config', arguments: subject }, { signal: controller.signal })
      .catch((error: unknown) => error);
    await waitUntil(() => registry.sent() > MB);
    controller.abort();
    await calling;
    const asked = registry.asked();
    const before = registry.sent();
    await waitUntil(() => registry.sent() > before + MB, 3_000);
    expect(await callOut(server, 'validate_config', subject)).toMatchObject({ valid: true });
    expect([registry.asked(), registry.abandoned()]).toEqual([asked, 0]);

    await server.call('remove', { kind: 'connector', name: 'source-pulled' });
    const other = await startServer({ workplace });
    other.client.callTool({ name: 'validate_config', arguments: subject }).catch(() => undefined);
    const sent = registry.sent();
    await waitUntil(() => registry.sent() > sent + MB);
    await other.close();
    await waitUntil(() => registry.abandoned() > 0, 3_000);
    expect(await isHere()).toBe(false);
    expect(existsSync(join(workplace.project, 'connectors', 'source-pulled', 'docker-1.0.0'))).toBe(false);
  });

  test('is not pulled any further when the server is killed', async () => {
    registry.behave({ kind: 'slow', bytesPerSecond: 2 * MB });
    server.client.callTool({ name: 'validate_config', arguments: subject }).catch(() => undefined);
    await waitUntil(() => registry.sent() > MB);
    process.kill(server.pid, 'SIGKILL');
    await waitUntil(() => registry.abandoned() > 0, 3_000);
    expect(await isHere()).toBe(false);
    expect(existsSync(join(workplace.project, 'connectors', 'source-pulled', 'docker-1.0.0'))).toBe(false);
  });

  test('is pulled once by two servers of a project', async () => {
    registry.behave({ kind: 'slow', bytesPerSecond: 10 * MB });
    const second = await startServer({ workplace });
    const answers = await Promise.all([server, second].map((one) => one.call('validate_config', subject)));
    expect(answers).toMatchObject([{ valid: true }, { valid: true }]);
    expect(registry.asked()).toBe(1);
    await second.close();
  });

  test('is complete although the connection was cut in the middle of a layer', async () => {
    registry.behave({ kind: 'cut' });
    expect(await server.call('validate_config', subject)).toMatchObject({ valid: true });
    expect(registry.asked()).toBeGreaterThan(1);
  });

  test('whose name was given to another one meanwhile: that one is not Sluice’s to remove', async () => {
    await server.call('validate_config', subject);
    await docker('tag', 'sluice-test/base:1', image);
    const { text } = await server.call('remove', { kind: 'connector', name: 'source-pulled' });
    expect(text).toContain('another image');
    expect(await isHere()).toBe(true);
    expect((await server.call('get_status')).text).not.toContain('source-pulled');
  });

  test('that was removed and is pulled again belongs to Sluice and is removed with the connector', async () => {
    await docker('pull', '--quiet', image);
    await server.call('validate_config', subject);
    await docker('image', 'rm', image);
    await server.call('validate_config', subject);
    await server.call('remove', { kind: 'connector', name: 'source-pulled' });
    expect(await isHere()).toBe(false);
  });

  test('offline it is not pulled, and the error gives the command', async () => {
    const offline = await startServer({ workplace, environment: { AIRBYTE_OFFLINE_MODE: '1' } });
    const error = await offline.fail('validate_config', subject);
    expect(error).toMatchObject({ code: 'image_not_here', kind: 'setup' });
    expect(error.next).toContain(`docker pull ${image}`);
    expect(registry.asked()).toBe(0);
    await offline.close();
  });

  const failures: [string, Behaviour, object, string, string][] = [
    ['a tag that does not exist', { kind: 'good' }, { version: 'missing' }, 'input', 'no_such_tag'],
    ['no such repository', { kind: 'answer', status: 404, code: 'NAME_UNKNOWN' }, {}, 'setup', 'image_denied'],
    [
      'a login that is required',
      { kind: 'answer', status: 401, code: 'UNAUTHORIZED', challenge: 'Basic realm="images"' },
      {},
      'setup',
      'image_denied',
    ],
    ['a refusal', { kind: 'answer', status: 403, code: 'DENIED' }, {}, 'setup', 'image_denied'],
    ['too many pulls', { kind: 'answer', status: 429, code: 'TOOMANYREQUESTS' }, {}, 'upstream', 'registry_rate_limit'],
    ['a registry that fails', { kind: 'answer', status: 500, code: 'UNKNOWN' }, {}, 'upstream', 'pull_failed'],
    ['an invalid tag', { kind: 'good' }, { version: 'a b' }, 'input', 'bad_version'],
  ];
  test.each(failures)('%s is reported', async (_what, behaviour, more, kind, code) => {
    registry.behave(behaviour);
    const error = await server.fail('validate_config', { ...subject, ...more });
    expect(error, error.text).toMatchObject({ kind, code });
  });

  test('a registry that does not exist is reported', async () => {
    await registry.close();
    expect(await server.fail('validate_config', subject)).toMatchObject({
      kind: 'upstream',
      code: 'registry_unreachable',
    });
  });
});
