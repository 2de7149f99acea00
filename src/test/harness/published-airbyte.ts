/** Both APIs of Airbyte as their published documents have them, at one address; what is sent is recorded and held against the documents. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as pass } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configurationDocument } from './configuration-document.ts';
import { startPrismMock } from './prism.ts';

export interface Recorded {
  /** Method and path. */
  readonly request: string;
  readonly status: number;
  /** What the server refusal where it refused. */
  readonly refusal: string;
  /** Parameters that the document does not name. */
  readonly unknown: readonly string[];
}

export interface PublishedAirbyte {
  /** Base of the public API; the configuration API is where a self-managed Airbyte has it. */
  readonly publicUrl: string;
  readonly recorded: Recorded[];
  close(): Promise<void>;
}

interface Schema {
  readonly [key: string]: unknown;
  additionalProperties?: unknown;
}

interface Operation {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** @param folder with `public-api.mockable.json` and `config-api.subset.json` */
export async function startPublishedAirbyte(folder: string): Promise<PublishedAirbyte> {
  const temporary = await mkdtemp(join(tmpdir(), 'sluice-published-'));
  const start = async (file: string, outside: string, inside: string) => {
    const document = (await read(folder, file)) as unknown as Document;
    closeBodies(document);
    const path = join(temporary, file);
    await writeFile(path, JSON.stringify(document));
    return { document, outside, inside, prism: await startPrismMock(path) };
  };
  const sides = await Promise.all([
    start('public-api.mockable.json', '/api/public/v1', ''),
    start('config-api.subset.json', '/api/v1', '/v1'),
  ]);
  const recorded: Recorded[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const side = sides.find(({ outside }) => url.pathname.startsWith(`${outside}/`));
    if (!side) return void outgoing.writeHead(404).end();
    const path = `${side.inside}${url.pathname.slice(side.outside.length)}`;
    const method = incoming.method ?? 'GET';
    const address = new URL(`${path}${url.search}`, side.prism.origin);
    const onward = pass(address, { method, headers: { ...incoming.headers, host: address.host } });
    incoming.pipe(onward);
    const answer = await new Promise<IncomingMessage>((resolve) => onward.once('response', resolve));
    const body = Buffer.concat(await answer.toArray());
    const status = answer.statusCode ?? 0;
    recorded.push({
      request: `${method} ${path}`,
      status,
      refusal: status < 300 ? '' : body.toString('utf8'),
      unknown: unknownParameters(side.document, method, path, url.searchParams),
    });
    outgoing.writeHead(status, answer.headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    publicUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/public/v1`,
    recorded,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(sides.map(({ prism }) => prism.close()));
      await rm(temporary, { recursive: true });
    },
  };
}

async function read(folder: string, file: string): Promise<object> {
  if (file.startsWith('config')) return configurationDocument(folder);
  return JSON.parse(await readFile(join(folder, file), 'utf8'));
}

/** A server ignores fields that the document does not name; here they are refused because they are probably typos. */
function closeBodies({ paths, components }: Document): void {
  const seen = new Set<Schema>();
  const close = (found: unknown): void => {
    const name = /^#\/components\/schemas\/(\w+)$/.exec(String((found as Schema | undefined)?.$ref))?.[1];
    const schema = (name === undefined ? found : components.schemas[name]) as Schema | undefined;
    if (typeof schema !== 'object' || seen.has(schema)) return;
    seen.add(schema);
    close(schema.items);
    if (!schema.properties) return;
    for (const child of Object.values(schema.properties)) close(child);
    if (!['allOf', 'oneOf', 'anyOf'].some((key) => key in schema)) schema.additionalProperties ??= false;
  };
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    close(operation.requestBody?.content?.['application/json']?.schema);
  }
}

function unknownParameters({ paths }: Document, method: string, path: string, sent: URLSearchParams): string[] {
  const matching = Object.entries(paths).filter(([template]) =>
    new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const named = matching.flatMap(([, methods]) => methods[method.toLowerCase()]?.parameters ?? []);
  const known = new Set(named.filter((parameter) => parameter.in === 'query').map(({ name }) => name));
  return [...new Set(sent.keys())].filter((name) => !known.has(name));
}
