/** Connections to the engine that break or fall silent while the engine and the container are well. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { docker, makeDockerWorkplace, runningContainer } from '../harness/docker.ts';
import { type EngineForwarder, startEngineForwarder } from '../harness/engine-forwarder.ts';
import { describeWith } from '../harness/requirements.ts';
import type { Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly text: string;
  readonly streams: { rows: number; state: string }[];
  readonly errors: { message: string }[];
}

/** Says that it begins, then a record every tenth of a second, and nothing of how its stream went. */
const SLOW = `
import json, sys, time
STREAM = {"name": "things", "json_schema": {"properties": {"id": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh"]}
def say(kind, **more):
    print(json.dumps({"type": kind.upper(), kind: more}), flush=True)
if sys.argv[1] == "spec": say("spec", connectionSpecification={"type": "object"})
elif sys.argv[1] == "check": print(json.dumps({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}))
elif sys.argv[1] == "discover": say("catalog", streams=[STREAM])
else:
    sys.stderr.write("the first words\\n")
    sys.stderr.flush()
    for number in range(json.load(open("/sluice-input/config.json"))["records"]):
        say("record", stream="things", data={"id": number}, emitted_at=1)
        time.sleep(0.1)
`;
const IMAGE = 'sluice-test/source-slow:1.0.0';

describeWith(['docker'], 'a connection to the engine', () => {
  let forwarder: EngineForwarder;
  let workplace: Workplace;
  let server: TestServer;
  let container: string;
  let id: string;

  beforeAll(() => {
    const input = `FROM sluice-test/base:1\nENTRYPOINT ${JSON.stringify(['python', '-c', SLOW])}\n`;
    execFileSync('docker', ['build', '-q', '-t', IMAGE, '-'], { input, stdio: ['pipe', 'pipe', 'pipe'] });
  });
  afterAll(() => docker('image', 'rm', '--force', IMAGE));
  beforeEach(async () => {
    forwarder = await startEngineForwarder();
    workplace = await makeDockerWorkplace({ 'sluice-test/source-slow': '1.0.0' });
    server = await startServer({ workplace, environment: { DOCKER_HOST: forwarder.address } });
  });
  afterEach(async () => {
    forwarder.close();
    await server.close();
    await docker('rm', '--force', container).catch(() => {});
    await workplace.remove();
  });

  /** A sync whose container has written half of its output, and continues on request. */
  async function startHalf(records: number): Promise<void> {
    const config = { records };
    await server.call('save_source', { name: 'things', connector: 'source-slow', runtime: 'docker', config });
    ({ sync_id: id } = await server.call<Sync>('start_sync', { source: 'things', wait_seconds: 0 }));
    container = await runningContainer(server);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const ended = (): Promise<Sync> => server.call<Sync>('get_sync', { sync_id: id, wait_seconds: 40 });

  test.each(['end', 'destroy'] as const)(
    'that carries the output is cut (%s): the sync is not reported as complete',
    async (how) => {
      await startHalf(40);
      expect(forwarder.cut(/\/attach/, how)).toBe(1);
      const sync = await ended();
      expect(['failed', 'incomplete'], sync.text).toContain(sync.state);
      expect(sync.errors.map(({ message }) => message).join()).toMatch(/connection to the Docker engine/);
    },
  );

  test('has the name alone in the address of a new container', async () => {
    const made = forwarder.seen(/\/containers\/create\?name=sluice-[0-9a-f]+ HTTP/);
    await startHalf(1);
    await made;
    expect(await ended()).toMatchObject({ state: 'complete' });
  });

  test('that waits for something else is cut: the sync continues and sees its end', async () => {
    await startHalf(40);
    forwarder.cut(/\/(wait|json)/);
    expect(await ended()).toMatchObject({ state: 'complete', errors: [], streams: [{ rows: 40 }] });
  });

  test('carries the stderr of a container from the first byte', async () => {
    await startHalf(5);
    expect(await ended()).toMatchObject({ state: 'complete' });
    const { text } = await server.call('get_sync', { sync_id: id, log_lines: 50 });
    expect(text).toContain('the first words');
  });

  test('falls silent, and the sync is cancelled: it ends', async () => {
    await startHalf(3000);
    forwarder.freeze();
    const began = Date.now();
    await server.call('cancel_sync', { sync_id: id });
    const sync = await ended();
    expect(sync.state).toBe('cancelled');
    expect(Date.now() - began).toBeLessThan(30_000);
  });
});
