import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHostMemory } from '../hosts.ts';
import { describeWith } from '../test/harness/requirements.ts';
import { download, shownAddress } from './download.ts';
import { startUpstream, type Upstream } from './upstream.fixture.ts';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());

const hosts = createHostMemory();
const options = { maxBytes: 1000, accept: '*/*', userAgent: 'sluice-mcp/0.0.0', hosts };

it('sends its user agent and the accepted type', async () => {
  let headers: unknown;
  upstream.answer = (request, response) => {
    headers = request.headers;
    response.writeHead(200, { etag: 'W/"1"' }).end('body');
  };
  const answer = await download(`${upstream.origin}/x`, { ...options, accept: 'application/json', etag: '"0"' });
  expect(answer).toEqual({ unchanged: false, body: Buffer.from('body'), etag: 'W/"1"' });
  expect(headers).toMatchObject({
    accept: 'application/json',
    'user-agent': 'sluice-mcp/0.0.0',
    'if-none-match': '"0"',
  });
});

it('gives up on a broken compressed body, which fetch itself never does', async () => {
  upstream.answer = (_request, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nnothing that was ever compressed');
  };
  await expect(download(`${upstream.origin}/x`, { ...options, idleMs: 200 })).rejects.toMatchObject({
    name: 'UpstreamError',
  });
});

it('gives up if no data arrives', async () => {
  upstream.answer = () => undefined;
  await expect(download(`${upstream.origin}/x`, { ...options, idleMs: 50 })).rejects.toMatchObject({
    name: 'UpstreamError',
    code: 'timeout',
  });
});

it('gives up if the answer stops half-way', async () => {
  upstream.answer = (_request, response) => response.write('half');
  await expect(download(`${upstream.origin}/x`, { ...options, idleMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
});

it('continues while bytes come, however slowly', async () => {
  upstream.answer = (_request, response) => {
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      if (sent <= 8) response.write('x');
      else clearInterval(timer);
      if (sent === 8) response.end();
    }, 60);
  };
  const answer = await download(`${upstream.origin}/x`, { ...options, idleMs: 400 });
  expect(answer).toMatchObject({ body: Buffer.from('xxxxxxxx') });
});

it('refuses more than the cap', async () => {
  upstream.answer = (_request, response) => response.end(Buffer.alloc(5000));
  await expect(download(`${upstream.origin}/x`, options)).rejects.toMatchObject({ code: 'too_large' });
});

it('treats an unrequested 304 as a bad answer', async () => {
  upstream.answer = (_request, response) => response.writeHead(304).end();
  await expect(download(`${upstream.origin}/x`, options)).rejects.toMatchObject({ code: 'bad_answer' });
});

it('shows an address without what may be secret in it', () => {
  expect(shownAddress('https://user:pass@example.com/a/b.json?token=t#f')).toBe('https://example.com/a/b.json');
});

describeWith(['openssl'], 'a server of one’s own network', () => {
  it('explains what to set if a certificate is not trusted, such as behind a proxy', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-certificate-'));
    const [keyout, out] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    await promisify(execFile)('openssl', [...request, '-keyout', keyout, '-out', out]);
    const server = createServer({ key: await readFile(keyout), cert: await readFile(out) }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(download(`https://127.0.0.1:${port}/x`, options)).rejects.toMatchObject({
      code: 'unreachable',
      next: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    server.close();
    await rm(folder, { recursive: true });
  });
});
