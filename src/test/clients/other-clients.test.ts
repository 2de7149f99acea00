/** Clients and frameworks that are not ours: each lists every tool of the built server, turns them into its own form, and calls one. */
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../harness/requirements.ts';
import { BINARY, makeWorkplace, ROOT, type Workplace } from '../harness/workplace.ts';

const CLIENTS = join(ROOT, 'fixtures', 'clients');
const TOOLS = 28;
const INSTALL_MS = 300_000;
const run = promisify(execFile);

let workplace: Workplace;
beforeAll(async () => {
  workplace = await makeWorkplace();
});
afterAll(() => workplace.remove());

/** Runs a client with the server's command behind its own arguments; what it printed last. */
async function report(program: string, ...args: string[]): Promise<Record<string, unknown>> {
  const cloud = { AIRBYTE_CLOUD_CLIENT_ID: 'an-id', AIRBYTE_CLOUD_CLIENT_SECRET: 'a-secret-of-other-clients' };
  const env = { ...process.env, ...workplace.environment, ...cloud };
  const { stdout } = await run(program, [...args, process.execPath, BINARY], { env, timeout: 60_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

/** A virtual environment with these packages; its Python. */
async function environmentWith(name: string, ...packages: string[]): Promise<string> {
  const folder = join(workplace.directory, name);
  const python = join(folder, 'bin', 'python');
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  return python;
}

const answer = { isError: false, tools: TOOLS, answer: { total: 1, connectors: [{ name: 'source-faker' }] } };

describeWith(['python', 'pypi'], 'clients in Python', () => {
  test('the official client, in both protocol eras', { timeout: INSTALL_MS }, async () => {
    const python = await environmentWith('official', 'mcp==2.3.0');
    for (const [mode, version] of [
      ['legacy', '2025-11-25'],
      ['auto', '2026-07-28'],
    ] as const) {
      expect(await report(python, join(CLIENTS, 'official.py'), mode)).toMatchObject({ ...answer, version });
    }
  });

  test('LangChain and the SDK of Google’s models take every tool', { timeout: INSTALL_MS }, async () => {
    const python = await environmentWith('frameworks', 'langchain-mcp-adapters==0.3.2', 'google-genai==3.6.1');
    expect(await report(python, join(CLIENTS, 'frameworks.py'))).toMatchObject({
      tools: TOOLS,
      langchain: TOOLS,
      openai: TOOLS,
      gemini: TOOLS,
      strict: TOOLS,
      text: expect.stringContaining('source-faker'),
    });
  });
});

describeWith(['go'], 'the Go SDK', () => {
  test('lists the tools and calls one', { timeout: INSTALL_MS }, async () => {
    const folder = join(workplace.directory, 'go');
    await mkdir(folder);
    await cp(join(CLIENTS, 'go'), folder, { recursive: true });
    await run('go', ['build', '-o', 'client', '.'], { cwd: folder });
    expect(await report(join(folder, 'client'))).toMatchObject(answer);
  });
});
