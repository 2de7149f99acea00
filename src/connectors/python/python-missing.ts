/** What to report if no Python here supports a connector. */
import { SetupError, SluiceError } from '../../errors.ts';
import { fittingMinor, type Interpreter } from './interpreters.ts';
import type { Target } from './target.ts';

export function noPython(target: Target, found: readonly Interpreter[]): SetupError {
  const { packageName, version, requiresPython, olderThan, newestFitting } = target;
  const minor = fittingMinor(requiresPython, olderThan?.minor);
  const has = found.length > 0 ? `here is only ${found.map((one) => one.version).join(', ')}` : 'none was found here';
  const next = [
    ...(minor ? [installText(minor)] : []),
    ...(newestFitting ? [`Ask for version "${newestFitting}", the newest that takes a Python of this machine.`] : []),
  ];
  const why = olderThan
    ? `does not start on Python ${olderThan.minor} or newer (${olderThan.message})`
    : `needs Python ${requiresPython ?? '3'}`;
  return new SetupError(
    olderThan ? 'python_too_new' : 'python_missing',
    `${packageName} ${version} ${why}, and ${has}.`,
    next.join(' Or: ') ||
      'No known Python suits it: ask for another version (get_connector_info with include versions).',
    newestFitting ? { details: { newest_fitting: newestFitting } } : {},
  );
}

function installText(minor: string): string {
  return `Install Python ${minor} (python.org, pyenv, Homebrew or your system's packages), or uv (https://docs.astral.sh/uv), which fetches it; then call again.`;
}

export function noManagedPython(
  { packageName, version, olderThan }: Target,
  minor: string,
  error: unknown,
): SetupError {
  const why = olderThan ? ` (it does not start on ${olderThan.minor} or newer: ${olderThan.message})` : '';
  return new SetupError(
    olderThan ? 'python_too_new' : 'python_missing',
    `${packageName} ${version} needs Python ${minor} or the like${why}; none here suits it, and uv could not fetch one.`,
    `Let uv reach github.com and call again, or install Python ${minor} from python.org, pyenv, Homebrew or your system's packages.`,
    { details: error instanceof SluiceError ? error.details : {}, cause: error },
  );
}

export function noVenv({ path, version }: Interpreter): SetupError {
  const minor = version.split('.').slice(0, 2).join('.');
  return new SetupError(
    'venv_missing',
    `${path} cannot make environments: its venv module is not complete.`,
    `On Debian or Ubuntu run: sudo apt install python${minor}-venv. Or install uv (https://docs.astral.sh/uv).`,
  );
}
