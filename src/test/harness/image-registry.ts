/** An image registry on loopback (Docker's Registry HTTP API v2), which serves a real image slowly, badly or well. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Behaviour =
  | { readonly kind: 'good' }
  /** Bytes of a layer in each second. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** The first download of the image's own layer ends in its middle. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly challenge?: string };

export interface ImageRegistry {
  /** `127.0.0.1:PORT/NAME`. */
  readonly repository: string;
  behave(behaviour: Behaviour): void;
  /** Bytes of the image's own layer that went out. */
  sent(): number;
  /** How often that layer was asked for. */
  asked(): number;
  /** Downloads of it that the other end gave up. */
  abandoned(): number;
  close(): Promise<void>;
}

interface Blob {
  readonly digest: string;
  readonly bytes: Buffer;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const PIECE = 64 * 1024;

/** Serves `image` with a layer of its own on top, so that no engine has it already; every tag but `missing` is there. */
export async function startImageRegistry(image: string, name: string, ownBytes: number): Promise<ImageRegistry> {
  const { manifest, blobs, own } = unpack(image, ownBytes);
  let behaviour: Behaviour = { kind: 'good' };
  let [sent, asked, abandoned] = [0, 0, 0];

  const sendBlob = (blob: Blob, range: string | undefined, response: ServerResponse): void => {
    const from = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    const bytes = blob.bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': bytes.length,
      'docker-content-digest': blob.digest,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${blob.bytes.length - 1}/${blob.bytes.length}` } : {}),
    });
    if (blob !== own) return void response.end(bytes);
    asked += 1;
    const cut = behaviour.kind === 'cut' && asked === 1 ? bytes.length / 2 : Number.POSITIVE_INFINITY;
    const pause = behaviour.kind === 'slow' ? (PIECE / behaviour.bytesPerSecond) * 1000 : 0;
    let at = 0;
    response.once('close', () => {
      if (at < bytes.length && cut === Number.POSITIVE_INFINITY) abandoned += 1;
    });
    const next = (): void => {
      if (response.destroyed) return;
      if (at >= cut) return void response.destroy();
      if (at >= bytes.length) return void response.end();
      response.write(bytes.subarray(at, at + PIECE));
      at += PIECE;
      sent += PIECE;
      setTimeout(next, pause);
    };
    next();
  };

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const answer = (status: number, code: string, challenge?: string): void => {
      const headers = { 'content-type': 'application/json', ...(challenge ? { 'www-authenticate': challenge } : {}) };
      response.writeHead(status, headers).end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
    };
    if (behaviour.kind === 'answer') return answer(behaviour.status, behaviour.code, behaviour.challenge);
    if (/^\/v2\/?$/.test(path)) return void response.writeHead(200).end('{}');
    const [, reference = ''] = /\/manifests\/(.+)$/.exec(path) ?? [];
    if (reference === 'missing') return answer(404, 'MANIFEST_UNKNOWN');
    if (reference !== '') {
      const headers = { 'content-type': MANIFEST, 'docker-content-digest': digestOf(manifest) };
      return void response
        .writeHead(200, { ...headers, 'content-length': manifest.length })
        .end(request.method === 'HEAD' ? undefined : manifest);
    }
    const blob = blobs.find(({ digest }) => path.endsWith(digest));
    return blob ? sendBlob(blob, request.headers.range, response) : answer(404, 'BLOB_UNKNOWN');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    repository: `127.0.0.1:${port}/${name}`,
    behave(next) {
      behaviour = next;
    },
    sent: () => sent,
    asked: () => asked,
    abandoned: () => abandoned,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What `docker save` gives, with one layer more. */
function unpack(image: string, ownBytes: number): { manifest: Buffer; blobs: Blob[]; own: Blob } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  try {
    execFileSync('docker', ['save', '-o', join(folder, 'image.tar'), image]);
    execFileSync('tar', ['-xf', 'image.tar'], { cwd: folder });
    const read = (path: string): Buffer => readFileSync(join(folder, path));
    const [saved] = JSON.parse(read('manifest.json').toString()) as { Config: string; Layers: string[] }[];
    if (!saved) throw new Error(`${image} was not saved`);
    mkdirSync(join(folder, 'own'));
    writeFileSync(join(folder, 'own', `own-${randomBytes(6).toString('hex')}`), randomBytes(ownBytes));
    execFileSync('tar', ['--owner=0', '--group=0', '-cf', 'own.tar', '-C', 'own', '.'], { cwd: folder });
    const own = blobOf(read('own.tar'));
    const layers = [...saved.Layers.map((path) => blobOf(read(path))), own];
    const facts = JSON.parse(read(saved.Config).toString()) as { rootfs: { diff_ids: string[] }; history?: object[] };
    facts.rootfs.diff_ids.push(own.digest);
    facts.history?.push({ created: new Date().toISOString(), created_by: 'a layer of its own' });
    const config = blobOf(Buffer.from(JSON.stringify(facts)));
    const entry = (blob: Blob, mediaType: string): object => ({
      mediaType,
      size: blob.bytes.length,
      digest: blob.digest,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: entry(config, 'application/vnd.docker.container.image.v1+json'),
      layers: layers.map((layer) => entry(layer, 'application/vnd.docker.image.rootfs.diff.tar')),
    };
    return { manifest: Buffer.from(JSON.stringify(manifest)), blobs: [config, ...layers], own };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function blobOf(bytes: Buffer): Blob {
  return { digest: digestOf(bytes), bytes };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
