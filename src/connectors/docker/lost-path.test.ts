import { expect, it } from 'vitest';
import { lostPath } from './lost-path.ts';

const local = { mounts: [{ folder: '/home/me/lake', target: '/local' }] };
const other = { mounts: [{ folder: '/lake', target: '/lake/' }] };
const none = { mounts: [] };

it.each([
  [{ destination_path: '/local/out' }, none],
  [{ destination_path: 'out' }, none],
  [{ destination_path: '/tmp/out' }, other],
  [{ destination_path: '/lakes/out' }, other],
  [{ destination_path: '/lake/../tmp' }, other],
])('%j is lost with %j', (config, settings) => {
  expect(lostPath(config, settings)).toMatchObject({
    path: 'destination_path',
    fix: expect.stringContaining(settings.mounts[0]?.target ?? 'SLUICE_DOCKER_MOUNTS=/abs/folder=/local'),
  });
});

it.each([
  [{ destination_path: '/local/out' }, local],
  [{ destination_path: '/json_data' }, local],
  [{ destination_path: 'out' }, local],
  [{ destination_path: '/lake/out' }, other],
  [{ destination_path: 'md:shop' }, none],
  [{ destination_path: '/json_data', host: 'sftp.example.org' }, none],
  [{ host: 'db.example.org' }, none],
])('%j is persisted with %j', (config, settings) => {
  expect(lostPath(config, settings)).toBeUndefined();
});
