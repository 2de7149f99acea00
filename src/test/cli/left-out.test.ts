/** The last lines of a run list skipped tests with reasons: a separate run, on a machine with an empty PATH. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../harness/workplace.ts';

const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const CONFIG = join(ROOT, 'fixtures', 'left-out', 'vitest.config.ts');

function runTests(environment: Record<string, string>): Promise<{ code: number | null; out: string }> {
  const env = { PATH: '/nowhere', HOME: '/nowhere', PIP_INDEX_URL: 'http://127.0.0.1:9/simple', ...environment };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [VITEST, 'run', '--config', CONFIG],
      { env, cwd: ROOT },
      (_, stdout, stderr) => resolve({ code: child.exitCode, out: `${stdout}${stderr}` }),
    );
  });
}

test('each unmet requirement is listed with its reason and what to do', async () => {
  const { code, out } = await runTests({});
  expect(code, out).toBe(0);
  const left = out.slice(out.indexOf('Left out on this machine:'));
  for (const [name, reason] of Object.entries({
    python: 'no python3 on this machine (Debian: apt install python3 python3-venv)',
    'old-python': 'no Python before 3.11 on this machine (pyenv install 3.10)',
    uv: 'no uv on this machine (https://docs.astral.sh/uv)',
    go: 'no Go on this machine (Debian: apt install golang)',
    pypi: 'the package index cannot be reached from this machine by Node (sluice-mcp doctor says why)',
    docker: 'no docker command on this machine (Debian: apt install docker.io)',
    data: 'SLUICE_TEST_DATA names no folder with the real registry (CONTRIBUTING.md)',
    sandbox: 'no bubblewrap on this machine (Debian: apt install bubblewrap)',
    openssl: 'no openssl on this machine (Debian: apt install openssl)',
    systemd: 'no systemd-analyze on this machine (Debian: apt install systemd)',
  }))
    expect(left).toContain(`- ${reason}: 1 test (needs ${name})`);
});

test('known gaps are listed too; a missing requirement, or a skip without a reason, fails', async () => {
  const [known, required, silent] = await Promise.all([
    runTests({ SLUICE_REQUIRE: '-go,-docker' }),
    runTests({ SLUICE_REQUIRE: 'uv' }),
    runTests({ SILENT: '1' }),
  ]);
  expect([known.code, required.code, silent.code]).toEqual([0, 1, 1]);
  expect(known.out).toMatch(/- no Go on this machine [^\n]*needs go\)/);
  expect(required.out).toContain('required, but no uv on this machine');
  expect(silent.out).toMatch(/Skipped without a reason[^\n]*\n- fixtures\/left-out\/every\.test\.ts: says nothing\n/);
});
