/** What a client with a progress token receives during a long silent step: the step once, then a heartbeat. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace } from '../harness/machine.ts';
import { SCRIPT, streamJson } from '../harness/script.ts';
import { startWebService, type WebService } from '../harness/web-service.ts';
import type { Workplace } from '../harness/workplace.ts';

const SILENT_MS = 17_500;
/** A beat comes at the latest then, in milliseconds; a busy machine needs a moment more. */
const MAX_GAP_MS = 10_500;
const MIN_GAP_MS = 4_500;
const PACKAGE = 'airbyte-source-faker';

let workplace: Workplace;
let index: WebService;
let server: TestServer;
beforeAll(async () => {
  workplace = await makeConnectorWorkplace();
  const wheel = `${PACKAGE.replaceAll('-', '_')}-6.2.24-py3-none-any.whl`;
  index = await startWebService(({ pathname }) =>
    pathname.startsWith(`/simple/${PACKAGE}`)
      ? {
          type: 'application/vnd.pypi.simple.v1+json',
          body: { meta: { 'api-version': '1.0' }, name: PACKAGE, files: [{ filename: wheel, url: '/w', hashes: {} }] },
        }
      : undefined,
  );
  server = await startServer({
    workplace,
    environment: {
      PATH: `${await silentInstaller()}:${process.env.PATH}`,
      PIP_INDEX_URL: `${index.origin}/simple`,
      UV_DEFAULT_INDEX: undefined,
    },
  });
});
afterAll(async () => {
  await server.close();
  await index.close();
  await workplace.remove();
});

/** The folder of a uv that is as silent as a real one, and then fails. */
async function silentInstaller(): Promise<string> {
  const programs = join(workplace.directory, 'programs');
  await mkdir(programs);
  const script = `#!/bin/sh\n[ "$1" = "--version" ] && { echo "uv 0.9.0"; exit; }\nsleep ${SILENT_MS / 1000}\nexit 1\n`;
  await writeFile(join(programs, 'uv'), script);
  await chmod(join(programs, 'uv'), 0o755);
  return programs;
}

interface ProgressNote {
  readonly progress: number;
  readonly message: string;
  readonly atMs: number;
}

/** Every notification that a client receives for one call, which may fail. */
async function listen(tool: string, args: Record<string, unknown>): Promise<ProgressNote[]> {
  const notes: ProgressNote[] = [];
  await server.client.callTool(
    { name: tool, arguments: args },
    {
      timeout: 60_000,
      onprogress: ({ progress, message = '' }) => notes.push({ progress, message, atMs: performance.now() }),
    },
  );
  return notes;
}

const BEAT = / \((\d+) s\)$/;

/** Each step once, its beats of the right distance and with its time, and numbers that grow. */
function expectBeats(notes: readonly ProgressNote[], step: RegExp): void {
  const shown = notes.map(({ progress, message, atMs }) => `${Math.round(atMs)} ${progress} ${message}`).join('\n');
  const steps = notes.filter(({ message }) => !BEAT.test(message)).map(({ message }) => message);
  expect(steps.map((message) => message.replace(/;.*/, '')).sort(), shown).toEqual(
    [...new Set(steps.map((message) => message.replace(/;.*/, '')))].sort(),
  );
  expect(
    steps.some((message) => step.test(message)),
    shown,
  ).toBe(true);
  const at = notes.findIndex(({ message }) => step.test(message));
  const beats = notes.slice(at + 1).filter(({ message }) => step.test(message));
  expect(beats.length, shown).toBeGreaterThanOrEqual(2);
  for (const [index, { message, atMs }] of beats.entries()) {
    const before = index === 0 ? notes[at] : beats[index - 1];
    const gap = atMs - (before?.atMs ?? 0);
    expect(gap, shown).toBeGreaterThan(MIN_GAP_MS);
    expect(gap, shown).toBeLessThan(MAX_GAP_MS);
    const seconds = Number(BEAT.exec(message)?.[1]);
    expect(Math.abs(seconds * 1000 - (atMs - (notes[at]?.atMs ?? 0))), shown).toBeLessThan(1_500);
  }
  const numbers = notes.map(({ progress }) => progress);
  expect(numbers, shown).toEqual([...new Set(numbers)].sort((one, other) => one - other));
}

test('a silent step is reported once, then by a beat: in spec, check, discover and an installation', {
  timeout: 60_000,
}, async () => {
  const script = await copyConnector(workplace, SCRIPT);
  const slowSpec = await copyConnector(workplace, SCRIPT, `source-script-silent-${SILENT_MS}.mjs`);
  const catalog = JSON.stringify([streamJson({ name: 'items', properties: { id: { type: 'integer' } } })]);
  const config = { catalog, output: '' };
  const silent = { connector: script, runtime: 'executable', config: { ...config, silent_ms: SILENT_MS } };
  const [spec, check, discover, saving, installation] = await Promise.all([
    listen('validate_config', { connector: slowSpec, runtime: 'executable', config, schema_only: true }),
    listen('validate_config', silent),
    listen('list_streams', silent),
    listen('save_source', { ...silent, name: 'silent', config: { ...silent.config, output: ' ' } }),
    listen('validate_config', { connector: 'source-faker', runtime: 'python', config: {} }),
  ]);
  expectBeats(spec, /^asking .* for its specification/);
  expectBeats(check, /^checking the connection/);
  expectBeats(discover, /^asking .* for its streams/);
  expectBeats(saving, /^checking the connection/);
  // The second where no Python is here: uv brings one.
  expectBeats(installation, /^(installing airbyte-source-faker 6.2.24 with uv|no Python here suits .* uv fetches)/);
});
