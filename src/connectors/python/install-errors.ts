/** What an installer's failure means for the reader. */
import { ConnectorError, InputError, SetupError, type SluiceError, UpstreamError } from '../../errors.ts';
import { UNREACHABLE } from './package-index.ts';

interface Kind {
  readonly pattern: RegExp | ((packageName: string) => RegExp);
  make(what: string, details: { readonly installer_output: string }): SluiceError;
}

/** Order matters: after a network failure pip also reports that no version was found. */
const KINDS: readonly Kind[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    make: (what, details) =>
      new SetupError('disk_full', `There is no disk space for ${what}.`, 'Free some space and call again.', {
        details,
      }),
  },
  {
    pattern:
      /NewConnectionError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution|Max retries exceeded|error sending request|dns error|client error \(Connect\)|CERTIFICATE_VERIFY_FAILED|invalid peer certificate|Could not connect|operation timed out/i,
    make: (what, details) =>
      new UpstreamError(
        UNREACHABLE,
        `${what} could not be fetched: the package index cannot be reached.`,
        'Check network, proxy and certificates (SSL_CERT_FILE, HTTPS_PROXY), then call again.',
        { details },
      ),
  },
  {
    // Of the package itself: what its dependencies lack is a contradiction of its own.
    pattern: (name) =>
      new RegExp(
        `(there is no version of|No matching distribution found for) ${name.replaceAll('.', '\\.')}==\\S+|${name.replaceAll('.', '\\.')} was not found in the package registry`,
        'i',
      ),
    make: (what, details) =>
      new InputError(
        'unknown_version',
        `The package index has no ${what} for this machine.`,
        'Use another version, or leave version out.',
        {
          details,
        },
      ),
  },
  {
    pattern:
      /ResolutionImpossible|conflicting dependencies|No solution found when resolving|requires a different Python|No matching distribution found for|was not found in the package registry/i,
    make: (what, details) =>
      new ConnectorError(
        'install_conflict',
        `${what} cannot be installed: what it depends on contradicts itself or this Python.`,
        'Ask for another version of the connector (get_connector_info with include versions lists them).',
        { details },
      ),
  },
  {
    pattern:
      /Failed building wheel|Failed to build|subprocess-exited-with-error|metadata-generation-failed|Build backend|build_wheel/i,
    make: (what, details) =>
      new ConnectorError(
        'install_build_failed',
        `A part of ${what} had to be built on this machine, and that failed.`,
        'Use another version of the connector, or install what the output names (mostly a compiler or a library) and call again.',
        { details },
      ),
  },
];

/**
 * @param what package and version
 * @param output the redacted, bounded end of what the installer printed
 */
export function installError(what: string, output: string): SluiceError {
  const details = { installer_output: output };
  const kind = KINDS.find(({ pattern }) =>
    (typeof pattern === 'function' ? pattern(what.split(' ')[0] ?? '') : pattern).test(output),
  );
  return (
    kind?.make(what, details) ??
    new ConnectorError(
      'install_failed',
      `${what} could not be installed.`,
      'Read the end of the installer’s output in the details.',
      {
        details,
      },
    )
  );
}
