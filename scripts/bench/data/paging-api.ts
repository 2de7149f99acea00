/** A local API with pages of records, and the manifest that reads it. Its answers are made before the first request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { objectSchema, objectText } from './columns.ts';
import { seededRandom } from './random.ts';
import type { DataStream } from './sets.ts';

const PAGE_RECORDS = 500;
const SEED = 20_261_201;

/**
 * Serves until this process ends.
 * @param records a multiple of the page's length
 * @returns its origin
 */
export async function startPagingApi({ columns }: DataStream, records: number): Promise<string> {
  const random = seededRandom(SEED);
  const pages = Array.from({ length: Math.ceil(records / PAGE_RECORDS) }, (_, page) => {
    const row = (at: number): string => objectText(columns, random, page * PAGE_RECORDS + at);
    return Buffer.from(`{"data":[${Array.from({ length: PAGE_RECORDS }, (_row, at) => row(at)).join(',')}]}`);
  });
  const empty = Buffer.from('{"data":[]}');
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('page'));
    const body = pages[page - 1] ?? empty;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** In JSON, which is YAML too. */
export function pagingManifest({ name, columns }: DataStream): string {
  const option = (field_name: string): object => ({
    type: 'RequestOption',
    inject_into: 'request_parameter',
    field_name,
  });
  return JSON.stringify({
    version: '6.60.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: [name] },
    streams: [
      {
        type: 'DeclarativeStream',
        name,
        primary_key: 'id',
        schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', ...objectSchema(columns) } },
        retriever: {
          type: 'SimpleRetriever',
          requester: { type: 'HttpRequester', url_base: "{{ config['origin'] }}", path: name, http_method: 'GET' },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
          paginator: {
            type: 'DefaultPaginator',
            page_size_option: option('size'),
            page_token_option: option('page'),
            pagination_strategy: {
              type: 'PageIncrement',
              start_from_page: 1,
              page_size: PAGE_RECORDS,
              inject_on_first_request: true,
            },
          },
        },
      },
    ],
    spec: {
      type: 'Spec',
      connection_specification: { type: 'object', required: ['origin'], properties: { origin: { type: 'string' } } },
    },
  });
}
