/** An engine behind TLS with a client's key: containers run there, and those of a killed server are removed there. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startServer } from '../harness/client.ts';
import { expectNoContainers, makeDockerWorkplace, runningContainer, watchersOf } from '../harness/docker.ts';
import { describeWith } from '../harness/requirements.ts';

describeWith(['docker', 'openssl'], 'an engine behind TLS', () => {
  test('a killed server’s container is removed, although the certificates are missing; its key is not shown anywhere', async () => {
    const workplace = await makeDockerWorkplace();
    const certificates = join(workplace.directory, 'certificates');
    const key = await makeCertificates(certificates);
    const engine = await startTlsEngine(certificates);
    const environment = {
      DOCKER_HOST: `tcp://127.0.0.1:${engine.port}`,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: certificates,
    };
    const server = await startServer({ workplace, environment });
    const config = { behaviours: ['ignore-signals', 'hang'] };
    await server.call('save_source', { name: 'hostile', connector: 'source-hostile', runtime: 'docker', config });
    await server.call('start_sync', { source: 'hostile', wait_seconds: 0 });
    await runningContainer(server);
    const [watcher = 0] = await watchersOf(server);
    if (process.platform === 'linux') {
      const seen = ['cmdline', 'environ'].map((file) => readFile(`/proc/${watcher}/${file}`, 'utf8'));
      const line = key.split('\n')[1] ?? '';
      const shown = (await Promise.all(seen)).join('');
      expect(shown).toContain('sluice-container-watcher');
      for (const text of [line, Buffer.from(key).toString('base64')]) expect(shown).not.toContain(text);
    }
    await rm(certificates, { recursive: true });
    process.kill(server.pid, 'SIGKILL');
    await expectNoContainers(server, 5_000);
    await server.close();
    engine.close();
    await workplace.remove();
  }, 60_000);
});

/** One that has signed itself is authority, engine and client. @returns the key */
async function makeCertificates(folder: string): Promise<string> {
  await mkdir(folder);
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', [...request, ...names, '-keyout', 'key.pem', '-out', 'cert.pem'], {
    cwd: folder,
  });
  await copyFile(join(folder, 'cert.pem'), join(folder, 'ca.pem'));
  return readFile(join(folder, 'key.pem'), 'utf8');
}

/** The real engine, for those who show the certificate. */
async function startTlsEngine(folder: string): Promise<{ readonly port: number; close(): void }> {
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (from) => {
    const to = connect('/var/run/docker.sock');
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
