/** What the bundle brings: the engine's client without ssh and gRPC, in a chunk that is loaded when Docker is used. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../harness/workplace.ts';

const dist = join(ROOT, 'dist');
const chunks = new Map(
  readdirSync(dist)
    .filter((name) => name.endsWith('.js'))
    .map((name) => [name, readFileSync(join(dist, name), 'utf8')]),
);

test('neither ssh2 nor gRPC nor protobufjs is in it, and no package with native code but DuckDB', () => {
  for (const [name, text] of chunks) {
    expect(text.match(/ssh-userauth|grpc-status|@protobufjs|sshcrypto|cpufeatures|\.node["']\)/g), name).toBeNull();
  }
  const notices = readFileSync(join(dist, 'THIRD-PARTY.txt'), 'utf8');
  expect(notices).toContain('dockerode 5.');
  expect(notices).not.toMatch(/^(ssh2|protobufjs|cpu-features|@grpc\/\S+) /m);
});

/** The chunks that an entry loads at once, itself among them. */
function loadedBy(entry: string): Set<string> {
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const [, other = ''] of (chunks.get(name) ?? '').matchAll(/(?:from|import)"\.\/([^"]+\.js)"/g)) load(other);
  };
  load(entry);
  return loaded;
}

test('what starts does not load the engine’s client', () => {
  const loaded = loadedBy('main.js');
  expect(loaded.size).toBeGreaterThan(1);
  const texts = [...chunks].filter(([, text]) => text.includes('X-Registry-Auth'));
  expect(texts.length).toBeGreaterThan(0);
  for (const [name] of texts) expect(loaded).not.toContain(name);
});

test('what removes the containers of a killed server loads the engine’s client and little else', () => {
  const texts = [...loadedBy('end-containers.js')].map((name) => chunks.get(name) ?? '');
  expect(texts.some((text) => text.includes('X-Registry-Auth'))).toBe(true);
  expect(texts.join('').length).toBeLessThan(300_000);
});
