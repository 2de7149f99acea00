/** The home of the user who runs Sluice. In a container with an arbitrary uid there may be neither HOME nor a passwd entry. */
import { userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** A path that does not exist, for paths below a missing home. */
const NO_HOME = '/nonexistent';

/** An empty or relative HOME counts as missing: a client starts the server in its own folder. */
export function homeDirectory(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = environment.HOME ?? '';
  return isAbsolute(home) ? home : homeOfUser();
}

export function hasHome(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return homeDirectory(environment) !== NO_HOME;
}

function homeOfUser(): string {
  try {
    const { homedir } = userInfo();
    return isAbsolute(homedir) ? homedir : NO_HOME;
  } catch {
    return NO_HOME;
  }
}
