import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { firstFile, packTar } from './tar.ts';

test('what is packed is what the tar of this machine lists', () => {
  const content = Buffer.from('{"token":"x"}\n');
  const archive = packTar([
    { path: 'input/', mode: 0o700, uid: 1000, gid: 1000 },
    { path: 'input/config.json', mode: 0o600, uid: 1000, gid: 0, content },
    { path: 'input/empty.json', mode: 0o600, uid: 3_000_000_000, gid: 70_000, content: Buffer.alloc(0) },
    { path: 'input/big.json', mode: 0o600, uid: 0, gid: 0, content: Buffer.alloc(1025, 'b') },
  ]);
  const listed = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input: archive, encoding: 'utf8' });
  const rows = listed
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));
  expect(rows.map(([mode, owner, size, , , path]) => [mode, owner, size, path])).toEqual([
    ['drwx------', '1000/1000', '0', 'input/'],
    ['-rw-------', '1000/0', '14', 'input/config.json'],
    ['-rw-------', '3000000000/70000', '0', 'input/empty.json'],
    ['-rw-------', '0/0', '1025', 'input/big.json'],
  ]);
  const read = execFileSync('tar', ['-xOf', '-', 'input/config.json'], { input: archive });
  expect(read).toEqual(content);
  expect(firstFile(archive)).toEqual(content);
});

test('the first file of an archive of another maker', () => {
  const archive = execFileSync('tar', ['-cf', '-', '-C', '/etc', 'passwd']);
  expect(firstFile(archive)?.toString()).toContain('root:');
  expect(firstFile(Buffer.alloc(1024))).toBeUndefined();
});
