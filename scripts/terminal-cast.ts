/** Runs the real demo in a pseudo terminal and draws its output as docs/pictures/demo-light.svg and demo-dark.svg. Needs `script` (util-linux). */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawTerminal, THEMES, type TimedLine } from './terminal-svg.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COLUMNS = 100;
const COMMAND = 'npx -y sluice-mcp demo';
const TITLE = 'sluice-mcp demo';
/** A pause of the real run, such as an installation, is shown no longer than this. */
const MAX_PAUSE_SECONDS = 1.2;
const MIN_PAUSE_SECONDS = 0.06;
const MAX_BYTES = 60_000;

/** Lines that the demo wrote, each with the time at which it was complete; a line that was overwritten is left out. */
async function recordDemo(home: string): Promise<TimedLine[]> {
  const { XDG_DATA_HOME: _data, XDG_CACHE_HOME: _cache, XDG_CONFIG_HOME: _config, ...environment } = process.env;
  const demo = `stty cols ${COLUMNS}; exec "${process.execPath}" "${join(ROOT, 'bin', 'sluice-mcp.js')}" demo`;
  const terminal = spawn('script', ['-qefc', demo, '/dev/null'], {
    cwd: home,
    env: {
      ...environment,
      HOME: home,
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      // The version in the picture changes only with this file.
      AIRBYTE_LOCAL_REGISTRY: join(ROOT, 'fixtures', 'registry', 'registry.json'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: TimedLine[] = [];
  let rest = '';
  terminal.stdout.setEncoding('utf8');
  terminal.stdout.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push({ at: performance.now() / 1000, text: finalText(part).replaceAll(home, '~') });
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    terminal.on('error', reject);
    terminal.on('close', resolve);
  });
  if (status !== 0)
    throw new Error(`The demo ended with status ${status}:\n${lines.map(({ text }) => text).join('\n')}`);
  return lines;
}

/** What a terminal shows of a line after the last time it was cleared. */
function finalText(line: string): string {
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1).replaceAll('\x1b[2K', '');
}

/** The same lines, with short pauses. */
function shortenPauses(lines: readonly TimedLine[]): TimedLine[] {
  let shown = MAX_PAUSE_SECONDS;
  return lines.map(({ text, at }, index) => {
    const pause = at - (lines[index - 1]?.at ?? at);
    shown += Math.min(MAX_PAUSE_SECONDS, Math.max(MIN_PAUSE_SECONDS, pause));
    return { text, at: shown };
  });
}

const home = mkdtempSync(join(tmpdir(), 'demo-'));
try {
  const recorded = await recordDemo(home);
  const lines = [{ at: 0, text: `\x1b[32m$\x1b[39m ${COMMAND}` }, ...shortenPauses(recorded)];
  for (const [name, theme] of Object.entries(THEMES)) {
    const svg = drawTerminal(lines, { title: TITLE, columns: COLUMNS, theme });
    if (svg.length > MAX_BYTES) throw new Error(`The picture has ${svg.length} bytes; the limit is ${MAX_BYTES}.`);
    writeFileSync(join(ROOT, 'docs', 'pictures', `demo-${name}.svg`), svg);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
