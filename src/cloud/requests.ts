/** Requests to Airbyte's two APIs, by kind: which may be repeated, and how long each may take. The only file that writes them out. */
import type * as z from 'zod';
import type { SluiceError } from '../errors.ts';
import { listOf } from './answers.ts';
import type { Refusal } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Retry } from './repeat.ts';
import type { Page, Paged } from './types.ts';
import type { Endpoint } from './urls.ts';

export interface CloudRequest<T> {
  readonly method: Exchange['method'];
  readonly endpoint: Endpoint;
  readonly body?: object | undefined;
  readonly retry: Retry;
  readonly answer: z.ZodType<T>;
  /** A specific error for some refusals; these are not retried. */
  readonly refusedAs?: (refusal: Refusal) => ((refusal: Refusal) => SluiceError) | undefined;
  /** Milliseconds for one answer; 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Ends a read; what creates or changes continues to its end. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request and returns its checked answer. Errors: see `Cloud`. */
export type Ask = <T>(request: CloudRequest<T>) => Promise<T>;

export type Path = readonly string[];
type Query = Readonly<Record<string, string | number | undefined>>;

/** For requests that create or change one object. */
const CHANGE_MS = 60_000;
/** Airbyte starts a connector for these. */
export const CONNECTOR_MS = 290_000;

/** GET of the public API. */
export function read<T>(
  path: Path,
  answer: z.ZodType<T>,
  signal: AbortSignal | undefined,
  query: Query = {},
): CloudRequest<T> {
  return { method: 'GET', endpoint: { api: path, query }, retry: 'read', answer, signal };
}

/** A read through the configuration API, which takes POST for everything. */
export function readConfig<T>(
  path: string,
  body: object,
  answer: z.ZodType<T>,
  signal: AbortSignal,
  timeoutMs?: number,
): CloudRequest<T> {
  return { method: 'POST', endpoint: { config: path }, body, retry: 'read', answer, timeoutMs, signal };
}

/** A request that makes a new object each time it is sent, so it is never repeated. */
export function create<T>(path: Path, body: object, answer: z.ZodType<T>, timeoutMs = CHANGE_MS): CloudRequest<T> {
  return { method: 'POST', endpoint: { api: path }, body, retry: 'create', answer, timeoutMs };
}

/** As `create`, through the configuration API. */
export function createByConfig<T>(path: string, body: object, answer: z.ZodType<T>): CloudRequest<T> {
  return { method: 'POST', endpoint: { config: path }, body, retry: 'create', answer, timeoutMs: CHANGE_MS };
}

/** PATCH updates the fields of the body, PUT replaces the object. */
export function change<T>(
  method: 'PATCH' | 'PUT',
  path: Path,
  body: object,
  answer: z.ZodType<T>,
  timeoutMs = CHANGE_MS,
): CloudRequest<T> {
  return { method, endpoint: { api: path }, body, retry: 'change', answer, timeoutMs };
}

/** As `change`, through the configuration API. */
export function changeByConfig<T>(
  path: string,
  body: object,
  answer: z.ZodType<T>,
  timeoutMs = CHANGE_MS,
): CloudRequest<T> {
  return { method: 'POST', endpoint: { config: path }, body, retry: 'change', answer, timeoutMs };
}

/** DELETE of the public API. */
export function remove<T>(path: Path, answer: z.ZodType<T>, timeoutMs?: number): CloudRequest<T> {
  return { method: 'DELETE', endpoint: { api: path }, retry: 'change', answer, timeoutMs };
}

/**
 * One page of a list, with the offset of the next one. Airbyte's own link to a next page is not used: it gives one after every
 * page that is not empty. A full page counts as having a successor, so that no deletion overlooks an object.
 */
export async function listPage<T>(
  ask: Ask,
  path: Path,
  item: z.ZodType<T>,
  { offset, limit }: Page,
  signal: AbortSignal,
  filter: Query = {},
): Promise<Paged<T>> {
  const items = await ask(read(path, listOf(item), signal, { ...filter, limit, offset }));
  return { items, nextOffset: items.length >= limit ? offset + items.length : undefined };
}
