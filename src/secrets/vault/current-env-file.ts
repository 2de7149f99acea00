/** The env file as it is now: it is read again when it has changed. */
import {
  type EnvFileContents,
  envFileStamp,
  isWritten,
  readEnvFile,
  type Settings,
  writtenEnvFile,
} from '../../config/index.ts';
import { type Problem, SetupError } from '../../errors.ts';

export interface CurrentEnvFile {
  /** Concurrent calls share one read. */
  refresh(): Promise<void>;
  /** Undefined if there is none, or if the last read failed. */
  contents(): EnvFileContents | undefined;
  problems(): Problem[];
}

/** @param onValues called with the values of each new version of the file */
export function createCurrentEnvFile(
  settings: Settings,
  atStart: EnvFileContents | undefined,
  onValues: (values: ReadonlyMap<string, string>) => void,
): CurrentEnvFile {
  const { path } = settings.envFile;
  let contents = atStart;
  let failure: SetupError | undefined;
  let refreshing: Promise<void> | undefined;

  const readIfChanged = async (): Promise<void> => {
    if (path === undefined) return;
    try {
      if (contents && !failure && (await envFileStamp(path)) === contents.stamp) return;
      if (isWritten(path, { ...settings, writeDirectories: [] })) throw writtenEnvFile(path);
      const fresh = await readEnvFile(path);
      onValues(fresh.values);
      contents = fresh;
      failure = undefined;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failure = error;
    }
  };

  return {
    refresh() {
      refreshing ??= readIfChanged().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
    contents: () => (failure ? undefined : contents),
    problems() {
      const setting = path === undefined ? settings.envFile.problem : undefined;
      if (failure) return [{ path: 'AIRBYTE_MCP_ENV_FILE', message: failure.message, fix: failure.next }];
      return [...(setting ? [setting] : []), ...(contents?.problems ?? [])];
    },
  };
}
