/** Prism: a server made from a published document, or a proxy that compares requests and answers with it. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';

const require = createRequire(import.meta.url);

export interface Prism {
  readonly origin: string;
  close(): Promise<void>;
}

/** What does not fit the document is answered by Prism itself: 422 for a request, 500 for an answer. */
export function startPrismProxy(document: string, upstream: string): Promise<Prism> {
  return startPrism(['proxy', document, upstream]);
}

/** Answers are made up again each time; a request that does not fit is answered with 4xx. */
export function startPrismMock(document: string): Promise<Prism> {
  return startPrism(['mock', '--dynamic', document]);
}

async function startPrism(words: readonly string[]): Promise<Prism> {
  const port = await freePort();
  const program = require.resolve('@stoplight/prism-cli/dist/index.js');
  const options = ['--errors', '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(process.execPath, [program, ...words, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let stderr = '';
  await new Promise<void>((resolve, reject) => {
    const listen = (piece: Buffer): void => {
      stderr += piece.toString('utf8');
      if (stderr.includes('Prism is listening')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    void ended.then(() => reject(new Error(`Prism ended: ${stderr.slice(-2000)}`)));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Prism cannot choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
