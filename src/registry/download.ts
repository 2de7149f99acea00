/** One GET with limits: time without a byte, time in all, and size. */
import { startDeadline, unlessAborted } from '../deadline.ts';
import { abortError, certificateFix, InputError, messageOf, SluiceError, UpstreamError } from '../errors.ts';
import type { HostMemory } from '../hosts.ts';

const IDLE_MS = 10_000;
const TOTAL_MS = 30_000;

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Bytes after which the answer is refused. */
  readonly maxBytes: number;
  /** Of the cached copy: the answer may then be `unchanged`. */
  readonly etag?: string;
  readonly accept: string;
  readonly userAgent: string;
  /** Records whether the host answered. */
  readonly hosts: HostMemory;
  /** Milliseconds without a byte after which it fails; 10 s. */
  readonly idleMs?: number;
}

export type Download =
  | { readonly unchanged: true }
  | { readonly unchanged: false; readonly body: Buffer; readonly etag?: string };

/** An address for display: without credentials and query, which may contain tokens. */
export function shownAddress(address: string): string {
  const url = new URL(address);
  return url.protocol === 'file:' ? address : `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * Fetches an address.
 * @throws UpstreamError `unreachable`, `timeout`, `bad_answer` (details: status), `too_large`; InputError `not_found` for 404 and 410; the signal's own reason when cancelled
 */
export async function download(address: string, options: DownloadOptions): Promise<Download> {
  const { signal, idleMs = IDLE_MS } = options;
  const total = startDeadline(signal, TOTAL_MS);
  const idle = startDeadline(total.signal, idleMs);
  const request = async (): Promise<Download> => {
    const response = await fetch(address, {
      headers: {
        accept: options.accept,
        'user-agent': options.userAgent,
        ...(options.etag ? { 'if-none-match': options.etag } : {}),
      },
      signal: idle.signal,
    });
    idle.refresh();
    options.hosts.reached(new URL(address).host);
    if (response.status === 304 && options.etag) return { unchanged: true };
    if (!response.ok) {
      await response.body?.cancel();
      throw badStatus(address, response.status);
    }
    const body = await bounded(address, response, options.maxBytes, () => idle.refresh());
    const etag = response.headers.get('etag') ?? undefined;
    return { unchanged: false, body, etag };
  };
  try {
    // Node's fetch never ends on a broken compressed body, even if its signal is aborted.
    return await unlessAborted(request(), idle.signal);
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    if (error instanceof SluiceError && !idle.signal.aborted) throw error;
    options.hosts.failed(new URL(address).host);
    if (idle.signal.aborted) throw failed(address, error, true);
    throw failed(address, error, false);
  } finally {
    idle.clear();
    total.clear();
  }
}

async function bounded(address: string, response: Response, maxBytes: number, onChunk: () => void): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    onChunk();
    size += chunk.length;
    if (size > maxBytes) {
      throw new UpstreamError(
        'too_large',
        `${shownAddress(address)} answered with more than ${Math.round(maxBytes / 1e6)} MB.`,
        'This is not what belongs there: check the address, or a proxy in between.',
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function badStatus(address: string, status: number): SluiceError {
  const shown = shownAddress(address);
  if (status === 404 || status === 410) {
    return new InputError('not_found', `There is nothing at ${shown}.`, 'Check the name and the version.');
  }
  return new UpstreamError(
    'bad_answer',
    `${shown} answered with HTTP status ${status}.`,
    'Copies that are kept are used meanwhile; the service may answer in some minutes.',
    {
      details: { status },
    },
  );
}

function failed(address: string, error: unknown, overdue: boolean): UpstreamError {
  const host = new URL(address).host;
  if (overdue) {
    return new UpstreamError(
      'timeout',
      `${host} did not answer in time.`,
      'Check the network connection, and the proxy where there is one.',
    );
  }
  // fetch reports only "fetch failed"; the reason is in the cause.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const reason = (cause instanceof Error && (cause as NodeJS.ErrnoException).code) || messageOf(cause);
  return new UpstreamError(
    'unreachable',
    `${host} cannot be reached (${reason}).`,
    certificateFix(error) ?? 'Check the network connection, and the proxy where there is one.',
    { cause: error },
  );
}
