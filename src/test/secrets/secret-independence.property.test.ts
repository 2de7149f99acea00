/**
 * Answers do not depend on the values of secrets: two servers that differ only in these values return the same bytes for the same
 * calls, whatever the calls guess. `PROPERTY_CALLS` and `PROPERTY_SEED` select other calls.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RawServer, startRaw } from '../harness/raw.ts';
import { MEADOW, makeWorkplace, ROOT, type Workplace } from '../harness/workplace.ts';
import { anyCall, MANIFEST_COUNT, manifestText, NAMES, VALUES } from './secret-independence.fixture.ts';

const CALLS = Number(process.env.PROPERTY_CALLS ?? 1_000);
const SEED = Number(process.env.PROPERTY_SEED ?? 12);
const AT_ONCE = 20;

interface Side {
  readonly workplace: Workplace;
  readonly server: RawServer;
}

let sides: readonly Side[] = [];

beforeAll(async () => {
  const manifests = fc.sample(manifestText(), { numRuns: MANIFEST_COUNT, seed: SEED });
  sides = await Promise.all([0, 1].map((side) => start(side, manifests)));
});
afterAll(async () => {
  for (const { server, workplace } of sides) {
    await server.close();
    await workplace.remove();
  }
});

async function start(side: number, manifests: readonly string[]): Promise<Side> {
  const lines = NAMES.map((name) => `${name}='${VALUES[name]?.[side]}'`);
  const workplace = await makeWorkplace(`${lines.join('\n')}\nMEADOW_API_KEY='a-key-of-the-meadow-77'\n`);
  const folder = join(workplace.directory, 'mine');
  await mkdir(folder);
  await Promise.all(manifests.map((text, index) => writeFile(join(folder, `${index}.json`), text)));
  await writeFile(join(folder, 'file.yaml'), `token: ${VALUES.GUESSED_TOKEN?.[side]}\nhost: ${VALUES.HOST?.[side]}\n`);
  await copyFile(join(ROOT, 'fixtures', 'manifests', 'quarry.json'), join(folder, 'quarry.json'));
  const server = startRaw(workplace, { SLUICE_CONFIG_DIRS: folder });
  await server.initialize();
  // Queries need a cache.
  await server.callTool('save_source', {
    name: 'meadow',
    connector: MEADOW,
    runtime: 'executable',
    config: { api_key: 'secret_reference::MEADOW_API_KEY' },
  });
  const synced = await server.callTool('start_sync', { source: 'meadow', wait_seconds: 40 });
  expect(JSON.stringify(synced)).toContain('complete');
  return { workplace, server };
}

/** What differs between any two servers: folders, fences, names of syncs, times, and how long something took. */
function comparable(answer: unknown, { workplace }: Side): string {
  return JSON.stringify(answer, (_, text: unknown) => (typeof text === 'string' ? shownBeforeCut(text) : text))
    .replaceAll(workplace.directory, 'FOLDER')
    .replace(/\d{8}-\d{6}-[0-9a-f]{6}/g, 'SYNC')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/(<\/?data-)[0-9a-f]{8}/g, '$1')
    .replace(/"elapsed_ms":\d+/g, '"elapsed_ms":0');
}

/** The number of digits of a duration moves the position at which a long text is cut. */
function shownBeforeCut(text: string): string {
  const same = text.replace(/(rows?(?: from row \d+)?), \d+ ms/, '$1, 0 ms');
  const at = same.indexOf('\n… cut here: ');
  return at < 0 ? same : same.slice(0, 47_000);
}

/** The texts around the position at which two answers begin to differ; undefined if they are equal. */
function firstDifference(one: string, other: string): readonly [string, string] | undefined {
  if (one === other) return undefined;
  let at = 0;
  while (one[at] === other[at]) at += 1;
  return [one.slice(Math.max(0, at - 80), at + 80), other.slice(Math.max(0, at - 80), at + 80)];
}

test(`${CALLS} calls return the same bytes whatever the secrets are`, { timeout: 900_000 }, async () => {
  const calls = fc.sample(anyCall, { numRuns: CALLS, seed: SEED });
  const tools = new Map<string, number>();
  for (let from = 0; from < calls.length; from += AT_ONCE) {
    const batch = calls.slice(from, from + AT_ONCE);
    const [one = [], other = []] = await Promise.all(
      sides.map((side) =>
        Promise.all(
          batch.map(async ([tool, args]) =>
            comparable((await side.server.callTool(tool, args(side.workplace.directory))).result, side),
          ),
        ),
      ),
    );
    for (const [index, [tool, args]] of batch.entries()) {
      tools.set(tool, (tools.get(tool) ?? 0) + 1);
      const label = `call ${from + index}: ${tool} ${JSON.stringify(args('FOLDER')).slice(0, 1_000)}`;
      expect(firstDifference(one[index] ?? '', other[index] ?? ''), label).toBeUndefined();
    }
  }
  // Not all calls are refused for another reason.
  expect(tools.size).toBeGreaterThan(10);
  const [side] = sides;
  expect(side?.server.stdout().toString()).toContain('spec from the manifest');
  expect(await readFile(join(side?.workplace.project ?? '', 'logs', 'audit.jsonl'), 'utf8')).toContain('"ok"');
});
