import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LimitError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import {
  HOSTILE,
  leftRunning,
  makeTestContext,
  pidsIn,
  survivors,
  type TestContext,
} from '../connector-context.fixture.ts';
import { startVictim } from './victim.fixture.ts';

let context: TestContext;
let pidFile: string;
let sandbox: 'auto' | 'off';

beforeEach(async () => {
  context = await makeTestContext({ environment: { SLUICE_SANDBOX: sandbox } });
  pidFile = join(context.openFolder, 'pids');
});
afterEach(() => context.remove());

const runFolders = (): Promise<string[]> => readdir(join(context.projectFolder, 'runs'));

/** Links of this context's runs among the short names. */
async function temporaryLinks(): Promise<string[]> {
  const names = (await readdir('/tmp')).filter((name) => name.startsWith('sluice-'));
  const targets = await Promise.all(names.map((name) => readlink(join('/tmp', name)).catch(() => '')));
  return targets.filter((target) => target.startsWith(context.folder));
}

async function check(config: JsonObject, signal?: AbortSignal): Promise<unknown> {
  const resolved = await context.config({ pid_file: pidFile, ...config });
  return context.connectors.check(context.program(HOSTILE), resolved, context.control(signal));
}

describe.each(['auto', 'off'] as const)('with SLUICE_SANDBOX=%s', (mode) => {
  let isConfined: boolean;
  beforeAll(() => {
    sandbox = mode;
  });
  beforeEach(async () => {
    isConfined = (await context.sandbox.status()).kind === 'bubblewrap';
  });

  describe('a process tree', () => {
    it('is ended with all that left the group, the session and their parents, when the call is cancelled', async () => {
      const controller = new AbortController();
      const checking = check({ behaviour: 'children+hang' }, controller.signal).catch((error: unknown) => error);
      const pids = await pidsIn(pidFile, 8);
      expect((await survivors(pids)).length).toBeGreaterThanOrEqual(6);
      controller.abort(new LimitError('cancelled', 'The call was cancelled.', 'Call again.'));
      expect(await checking).toMatchObject({ code: 'cancelled' });
      expect(await survivors(pids)).toEqual([]);
      expect(await leftRunning(pidFile)).toEqual([]);
      expect(await runFolders()).toEqual([]);
    });

    it('is ended when the connector itself has ended well and left its children', async () => {
      const checking = check({ behaviour: 'children' });
      const pids = await pidsIn(pidFile, 8);
      expect(await checking).toMatchObject({ succeeded: true });
      expect(await survivors(pids)).toEqual([]);
      expect(await leftRunning(pidFile)).toEqual([]);
    });

    it('is ended when SIGTERM is ignored', async () => {
      const controller = new AbortController();
      const checking = check({ behaviour: 'ignore-sigterm' }, controller.signal).catch((error: unknown) => error);
      await pidsIn(pidFile, 1);
      const before = Date.now();
      controller.abort();
      expect(await checking).toMatchObject({ code: 'cancelled' });
      expect(Date.now() - before).toBeGreaterThan(1500);
      expect(Date.now() - before).toBeLessThan(10_000);
      expect(await runFolders()).toEqual([]);
    });

    it('is ended with those that it starts while it is being ended', async () => {
      const controller = new AbortController();
      const checking = check({ behaviour: 'respawn' }, controller.signal).catch((error: unknown) => error);
      await pidsIn(pidFile, 1);
      controller.abort();
      await checking;
      expect(await survivors(await pidsIn(pidFile, 2))).toEqual([]);
      expect(await leftRunning(pidFile)).toEqual([]);
    });

    it('does not hold a verb back when a child keeps the output open', async () => {
      const before = Date.now();
      expect(await check({ behaviour: 'hold-stdout' })).toMatchObject({ succeeded: true });
      expect(Date.now() - before).toBeLessThan(15_000);
      expect(await leftRunning(pidFile)).toEqual([]);
    });

    it('is not waited for long when it answers and stays', async () => {
      const before = Date.now();
      expect(await check({ behaviour: 'linger' })).toMatchObject({ succeeded: true });
      expect(Date.now() - before).toBeLessThan(10_000);
      expect(await runFolders()).toEqual([]);
    });
  });

  describe('a read', () => {
    const streams = ['items'].map((name) => ({
      stream: {
        name,
        jsonSchema: {},
        incremental: true,
        sourceDefinedCursor: false,
        defaultCursorField: [],
        primaryKey: [],
      },
      mode: 'full_refresh_append' as const,
      cursorField: [],
      primaryKey: [],
    }));

    async function read(config: JsonObject, slowMs = 0): Promise<{ lines: number; code: number | null }> {
      const inputs = { config: await context.config({ pid_file: pidFile, ...config }), streams };
      return context.connectors.read(context.program(HOSTILE), inputs, context.control(), async (run) => {
        let lines = 0;
        for await (const chunk of run.stdout) {
          lines += (chunk as Buffer).toString('utf8').split('\n').length - 1;
          if (slowMs > 0) await sleep(slowMs);
        }
        return { lines, code: (await run.exit).code };
      });
    }

    it('returns all lines and ends, although a child holds the output open', async () => {
      expect(await read({ behaviour: 'hold-stdout', count: 10 })).toEqual({ lines: 14, code: 0 });
      expect(await leftRunning(pidFile)).toEqual([]);
    });

    it('returns all lines to a reader that is slower than the connector', async () => {
      // More than the pipe and the stream hold, so that the reader is still busy long after the exit.
      const { lines } = await read({ behaviour: 'hold-stdout', count: 2000 }, 700);
      expect(lines).toBe(2004);
    });

    it('returns all lines to a reader that starts long after the connector ended', async () => {
      const inputs = { config: await context.config({ behaviour: 'chatter', count: 10 }), streams };
      const text = await context.connectors.read(context.program(HOSTILE), inputs, context.control(), async (run) => {
        await run.exit;
        await sleep(500);
        const chunks: Buffer[] = [];
        for await (const chunk of run.stdout) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks).toString('utf8');
      });
      expect(text.split('\n').filter((line) => line.startsWith('{"type":"RECORD"'))).toHaveLength(10);
    });

    it('ends when the connector closes its output and continues', async () => {
      const inputs = { config: await context.config({ behaviour: 'close-stdout', count: 10 }), streams };
      const lines = await context.connectors.read(context.program(HOSTILE), inputs, context.control(), async (run) => {
        let count = 0;
        for await (const chunk of run.stdout) count += (chunk as Buffer).toString('utf8').split('\n').length - 1;
        return count;
      });
      expect(lines).toBe(7);
      expect(await runFolders()).toEqual([]);
    });

    it('reports how the connector ended', async () => {
      const inputs = { config: await context.config({ behaviour: 'kill-self' }), streams };
      const exit = await context.connectors.read(context.program(HOSTILE), inputs, context.control(), async (run) => {
        run.stdout.resume();
        return run.exit;
      });
      expect(exit).toMatchObject({ code: null, signal: 'SIGKILL' });
    });

    it('ends the connector when the reader has had enough', async () => {
      const inputs = { config: await context.config({ behaviour: 'linger', count: 100_000 }), streams };
      const pid = await context.connectors.read(context.program(HOSTILE), inputs, context.control(), async () => {
        const [folder] = await runFolders();
        const found = /^\d+/.exec(folder ?? '');
        return found === null ? 0 : Number(found[0]);
      });
      expect(pid).toBe(process.pid);
      expect(await runFolders()).toEqual([]);
    });

    it('uses a private folder with private files', async () => {
      const inputs = {
        config: await context.config({ behaviour: 'hang', api_key: 'hidden' }),
        streams,
        stateText: '[]',
      };
      const modes = await context.connectors.read(context.program(HOSTILE), inputs, context.control(), async () => {
        const [name] = await runFolders();
        const folder = join(context.projectFolder, 'runs', name ?? '');
        const inner = (await readdir(join(folder, 'work'))).sort().map((file) => join('work', file));
        const files = ['process.json', 'work', ...inner];
        const found = await Promise.all([folder, ...files.map((file) => join(folder, file))].map((path) => stat(path)));
        return { files, modes: found.map(({ mode }) => mode & 0o777) };
      });
      const made = isConfined ? ['home', 'state.json', 'tmp'] : ['state.json', 'tmp'];
      expect(modes).toEqual({
        files: ['process.json', 'work', ...['catalog.json', 'config.json', ...made].map((name) => join('work', name))],
        modes: [0o700, 0o600, 0o700, 0o600, 0o600, ...made.map((name) => (name === 'state.json' ? 0o600 : 0o700))],
      });
    });
  });

  describe('shutdown', () => {
    it('ends everything within a second, SIGTERM ignored or not, and starts nothing more', async () => {
      const checking = check({ behaviour: 'children+ignore-sigterm' }).catch((error: unknown) => error);
      const pids = await pidsIn(pidFile, 8);
      const before = Date.now();
      await context.connectors.endAll();
      expect(Date.now() - before).toBeLessThan(1500);
      expect(await survivors(pids)).toEqual([]);
      expect(await leftRunning(pidFile)).toEqual([]);
      expect(await runFolders()).toEqual([]);
      expect(await checking).toBeInstanceOf(Error);
      await expect(check({ behaviour: 'chatter' })).rejects.toMatchObject({ code: 'server_ended' });
    });
  });

  describe('the traces of a dead server', () => {
    it('are cleared away by the next call that runs a connector: processes and configurations', async () => {
      const victim = await startVictim(context.folder, { behaviour: 'children+hang', pid_file: pidFile }, mode);
      const pids = await pidsIn(pidFile, 8);
      victim.kill('SIGKILL');
      await sleep(200);
      // A sandbox dies with its server, and a watcher ends the rest.
      await expect.poll(() => survivors(pids), { timeout: 5_000 }).toEqual([]);
      expect(await runFolders()).toHaveLength(1);
      expect(await temporaryLinks()).toHaveLength(1);
      expect(await check({ behaviour: 'chatter', pid_file: '' })).toMatchObject({ succeeded: true });
      expect(await survivors(pids)).toEqual([]);
      expect(await leftRunning(pidFile)).toEqual([]);
      expect(await runFolders()).toEqual([]);
      expect(await temporaryLinks()).toEqual([]);
    });

    it('are not mistaken for those of a live one', async () => {
      const victim = await startVictim(context.folder, { behaviour: 'children+hang', pid_file: pidFile }, mode);
      try {
        const pids = await pidsIn(pidFile, 8);
        // Some of them only start others and end by themselves.
        let before = await survivors(pids);
        for (let seen = -1; seen !== before.length; before = await survivors(before)) {
          seen = before.length;
          await sleep(500);
        }
        expect(await check({ behaviour: 'chatter', pid_file: '' })).toMatchObject({ succeeded: true });
        expect(await survivors(before)).toEqual(before);
        expect(await runFolders()).toHaveLength(1);
      } finally {
        victim.kill('SIGKILL');
      }
      await sleep(100);
      await check({ behaviour: 'chatter', pid_file: '' });
      expect(await runFolders()).toEqual([]);
    });
  });
});
