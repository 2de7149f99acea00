/** Fetches an image, layer by layer, and tells apart what can go wrong. */
import type { Readable } from 'node:stream';
import { startDeadline } from '../../deadline.ts';
import {
  abortError,
  type ErrorFacts,
  InputError,
  messageOf,
  SetupError,
  type SluiceError,
  UpstreamError,
} from '../../errors.ts';
import { isObject } from '../../protocol/index.ts';
import { createLineSplitter } from '../process/line-splitter.ts';
import type { RunControl } from '../types.ts';
import type { Engine } from './engine.ts';
import { call } from './engine-call.ts';

export interface ImageName {
  /** With the registry's host if it is not Docker Hub: `airbyte/source-faker`. */
  readonly repository: string;
  readonly tag: string;
}

interface Layer {
  /** Bytes that are here, and in all; 0 if the registry has not reported them. */
  done: number;
  total: number;
  complete: boolean;
}

export const REGISTRY_UNREACHABLE = 'registry_unreachable';
const TELL_EVERY_MS = 500;
const MAX_LINE_LENGTH = 1024 * 1024;
/** An engine reports each layer's progress continuously; one that is silent for this long has stopped. */
const SILENT_MS = 10 * 60_000;

/**
 * When the signal is aborted the connection is closed, and with it the engine stops.
 * @throws InputError `no_such_tag`; SetupError `image_denied`, `disk_full`, `image_for_other_machine`; UpstreamError
 */
export async function pullImage(
  engine: Engine,
  image: ImageName,
  control: RunControl,
  silentMs = SILENT_MS,
): Promise<void> {
  const { repository, tag } = image;
  const name = `${repository}:${tag}`;
  const { signal } = control;
  const layers = new Map<string, Layer>();
  let failure: string | undefined;
  let reportedAt = 0;
  const tell = (): void => {
    if (Date.now() - reportedAt < TELL_EVERY_MS) return;
    reportedAt = Date.now();
    const { text, done, total } = summary(layers);
    control.progress(`pulling ${name}${text}`, done, total);
  };
  const splitter = createLineSplitter(
    MAX_LINE_LENGTH,
    (line) => {
      const event = parse(line);
      if (typeof event?.error === 'string') failure = event.error;
      else if (event) note(layers, event);
    },
    () => {},
  );
  control.progress(`pulling ${name}`);
  const silence = startDeadline(signal, silentMs);
  try {
    await followPull(engine.docker.createImage({ fromImage: repository, tag }), silence.signal, (chunk) => {
      silence.refresh();
      splitter.push(chunk);
      tell();
    });
    splitter.end();
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    const engineMessage = silence.over() ? 'the engine reported nothing more for a long time' : messageOf(error);
    throw pullError(image, engineMessage, error);
  } finally {
    silence.clear();
  }
  if (signal.aborted) throw abortError(signal);
  if (failure !== undefined) throw pullError(image, failure);
}

/** Closes an answer that arrives after its caller gave up; without the connection the engine stops pulling. */
async function followPull(
  asked: Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  const following = asked.then(async (stream) => {
    const answer = stream as Readable;
    const stop = (): void => void answer.destroy();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of answer) onChunk(chunk as Buffer);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  });
  await call(following, { signal, timeoutMs: 0 });
}

function note(layers: Map<string, Layer>, event: Record<string, unknown>): void {
  const { id, status } = event;
  if (typeof id !== 'string' || typeof status !== 'string' || !/^[0-9a-f]{12}$/.test(id)) return;
  const layer = layers.get(id) ?? { done: 0, total: 0, complete: false };
  layers.set(id, layer);
  const detail = isObject(event.progressDetail) ? event.progressDetail : {};
  if (status === 'Downloading' && typeof detail.current === 'number') {
    layer.done = detail.current;
    layer.total = typeof detail.total === 'number' ? detail.total : layer.total;
  } else if (/^(Pull complete|Already exists)$/.test(status)) {
    layer.complete = true;
    layer.done = layer.total;
  } else if (/^(Download complete|Extracting|Verifying Checksum)$/.test(status)) {
    layer.done = layer.total;
  }
}

function summary(layers: ReadonlyMap<string, Layer>): { text: string; done?: number; total?: number } {
  const all = [...layers.values()];
  if (all.length === 0) return { text: '' };
  const complete = all.filter((layer) => layer.complete).length;
  const done = all.reduce((sum, layer) => sum + layer.done, 0);
  const total = all.reduce((sum, layer) => sum + layer.total, 0);
  const bytes = total > 0 ? `, ${megabytes(done)} of ${megabytes(total)} MB` : '';
  return { text: `: ${complete} of ${all.length} layers${bytes}`, ...(total > 0 ? { done, total } : {}) };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A reason why a pull failed. The engine has no codes for these, so its message is matched. */
interface PullFailure {
  readonly pattern: RegExp;
  error(name: string, image: ImageName, facts: ErrorFacts): SluiceError;
}

const UNREACHABLE =
  /no such host|dial tcp|i\/o timeout|connection refused|connection reset|network is unreachable|no route to host|TLS handshake|x509|proxyconnect|Client\.Timeout|server misbehaving|ECONN|EPIPE|socket hang up/i;

/** The first that matches counts. */
const PULL_FAILURES: readonly PullFailure[] = [
  {
    pattern: /manifest unknown|manifest for .* not found|not found: manifest/i,
    error: (_, image, facts) =>
      new InputError(
        'no_such_tag',
        `${image.repository} has no image of version ${image.tag}.`,
        'Use a version that get_connector_info with include "versions" lists, or leave version out.',
        facts,
      ),
  },
  {
    pattern: /no matching manifest|image operating system .* cannot be used|does not match the specified platform/i,
    error: (name, _, facts) =>
      new SetupError(
        'image_for_other_machine',
        `${name} is not made for this machine's processor.`,
        `Choose another version or runtime; or try emulation: docker pull --platform linux/amd64 ${name}, then call again.`,
        facts,
      ),
  },
  {
    pattern: /toomanyrequests|rate limit/i,
    error: (name, _, facts) =>
      new UpstreamError(
        'registry_rate_limit',
        `The image registry does not give ${name} now: too many pulls from this address.`,
        `Wait some hours, or run: docker login && docker pull ${name}; an image that is here is used.`,
        facts,
      ),
  },
  {
    pattern:
      /pull access denied|repository .*(does not exist|not found)|unauthorized|authentication required|no basic auth|denied|forbidden/i,
    error: (name, _, facts) =>
      new SetupError(
        'image_denied',
        `The image registry does not give ${name}: there is no such repository, or it wants a login.`,
        `If it is a private one, run: docker login && docker pull ${name}; an image that is here is used.`,
        facts,
      ),
  },
  {
    pattern: /no space left|disk quota exceeded/i,
    error: (name, _, facts) =>
      new SetupError(
        'disk_full',
        `No space is left on the Docker engine's disk for ${name}.`,
        'Free some (docker system df shows what takes it; Docker Desktop has a disk limit of its own), and call again.',
        facts,
      ),
  },
  {
    pattern: UNREACHABLE,
    error: (name, _, facts) =>
      new UpstreamError(
        REGISTRY_UNREACHABLE,
        `The Docker engine cannot reach the registry of ${name}.`,
        'Check the network and the proxy of the Docker engine (it has settings of its own), and call again.',
        facts,
      ),
  },
];

function pullError(image: ImageName, engineMessage: string, cause?: unknown): SluiceError {
  const name = `${image.repository}:${image.tag}`;
  const facts = { cause, details: { image: name, engine_message: engineMessage.slice(0, 1000) } };
  const failure = PULL_FAILURES.find(({ pattern }) => pattern.test(engineMessage));
  if (failure) return failure.error(name, image, facts);
  return new UpstreamError(
    'pull_failed',
    `${name} could not be pulled: ${engineMessage.slice(0, 300)}.`,
    `Call again; if it fails again, docker pull ${name} in a terminal shows more.`,
    facts,
  );
}
