/** The home of the user who runs us. In a container with any uid there may be neither HOME nor an entry in the passwd file. */
import { userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** Where nothing is, for paths below a home that nobody has. */
const NO_HOME = '/nonexistent';

/** An empty or relative HOME counts as none: a client starts the server in a folder of its own. */
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
