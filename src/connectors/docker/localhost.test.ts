import { expect, test } from 'vitest';
import { containerWarnings, loopbackPaths } from './localhost.ts';

test.each([
  'localhost',
  'LOCALHOST',
  ' localhost ',
  'localhost:5432',
  '127.0.0.1',
  '127.1.2.3:80',
  '0.0.0.0',
  '::1',
  '[::1]:5432',
  'http://localhost',
  'https://127.0.0.1:8443/path?x=y',
  'postgres://user:p@ss-w@localhost:5432/db',
  'jdbc:postgresql://localhost/db',
  'mongodb://user:secret@db.example.org:27017,localhost:27018/db',
  'mongodb+srv://[::1]/db',
  'broker-1:9092,localhost:9092',
  'localhost:9092, 127.0.0.1:9093',
  'localhost:8080/api',
  '127.0.0.1/',
])('%s is this machine', (host) => {
  expect(loopbackPaths({ host })).toEqual(['config.host']);
});

test.each([
  'db.example.org',
  'localhost.example.org',
  'mylocalhost',
  '128.0.0.1',
  '127.0.0.1.example.org',
  'host.docker.internal:5432',
  'https://example.org/?next=http://localhost',
  'https://localhost@example.org/',
  'the word localhost in a sentence',
  'one, localhost, or another word',
  'a/localhost',
  '',
])('%s is not', (host) => {
  expect(loopbackPaths({ host })).toEqual([]);
});

test('at any depth, each at its path, and never with its value', () => {
  const config = {
    host: 'db.example.org',
    tunnel: { hosts: ['a.example.org', 'localhost'] },
    url: 'redis://:hidden-77@127.0.0.1:6379',
    port: 1,
    nothing: null,
  };
  expect(loopbackPaths(config)).toEqual(['config.tunnel.hosts[1]', 'config.url']);
  const warnings = containerWarnings('docker', config).join('\n');
  expect(containerWarnings('python', config)).toEqual([]);
  expect(warnings).toContain('host.docker.internal');
  expect(warnings).not.toMatch(/hidden|6379|127\.0\.0\.1:/);
});
