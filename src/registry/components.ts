/** The Python code that a low-code connector brings: an archive, with its checksum published next to it. */
import { createHash } from 'node:crypto';
import { InputError, SetupError, UpstreamError } from '../errors.ts';
import { type DownloadOptions, download, shownAddress } from './download.ts';
import { zipEntry } from './zip-entry.ts';

const ARCHIVE_MAX_BYTES = 8_000_000;
const CODE_MAX_BYTES = 4_000_000;
const CHECKSUM_MAX_BYTES = 10_000;

/**
 * The text of `components.py`, once the archive's SHA-256 is the published one.
 * @param folder address of the version's folder; ends in `/`
 * @throws SetupError `components_unverified` if no checksum is published or another one; UpstreamError; InputError `no_components`
 */
export async function fetchComponents(
  folder: string,
  what: string,
  request: Pick<DownloadOptions, 'signal' | 'userAgent' | 'hosts'>,
): Promise<string> {
  const address = new URL('components.zip', folder).href;
  const [archive, published] = await Promise.all([
    bytesAt(address, { ...request, accept: '*/*', maxBytes: ARCHIVE_MAX_BYTES }),
    bytesAt(`${address}.sha256`, { ...request, accept: '*/*', maxBytes: CHECKSUM_MAX_BYTES }),
  ]);
  if (!archive) {
    throw new InputError(
      'no_components',
      `${what} needs Python code of its own, and none is published at ${shownAddress(address)}.`,
      'Use another version of the connector, or another runtime.',
    );
  }
  if (!published) throw unverified(what, `no checksum is published at ${shownAddress(`${address}.sha256`)}`);
  if (!isChecksumOf(published.toString('latin1'), archive))
    throw unverified(what, 'it is not what its published checksum says');
  return codeIn(archive, address);
}

async function bytesAt(address: string, options: DownloadOptions): Promise<Buffer | undefined> {
  try {
    const answer = await download(address, options);
    return answer.unchanged ? undefined : answer.body;
  } catch (error) {
    if (error instanceof InputError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** Airbyte publishes the digest as base64; `sha256sum` would write it in hexadecimal, with a name behind it. */
function isChecksumOf(published: string, archive: Buffer): boolean {
  const digest = createHash('sha256').update(archive).digest();
  const [word = ''] = published.trim().split(/\s+/);
  return word === digest.toString('base64') || word.toLowerCase() === digest.toString('hex');
}

function codeIn(archive: Buffer, address: string): string {
  let code: Buffer | undefined;
  try {
    code = zipEntry(archive, 'components.py', CODE_MAX_BYTES);
  } catch {
    code = undefined;
  }
  if (code) return code.toString('utf8');
  throw new UpstreamError(
    'bad_answer',
    `${shownAddress(address)} is not an archive with a components.py of a usual size.`,
    'Use another version of the connector, or another runtime.',
  );
}

function unverified(what: string, reason: string): SetupError {
  return new SetupError(
    'components_unverified',
    `The Python code of ${what} is not run: ${reason}.`,
    'Use another version or another runtime, or check what AIRBYTE_LOCAL_REGISTRY names.',
  );
}
