/** File descriptors that the parent left open in this process: connectors would inherit them. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';

const CLOSES_ON_EXEC = 0o2000000;

/**
 * Closes all of them except stdin, stdout and stderr; call it before anything else has opened files. Node's own are closed for children
 * anyway, and so are the low ones that it inherited itself. Linux only: macOS starts programs without any but the standard ones.
 */
export function closeInheritedFiles(): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc/self/fdinfo')) {
    if (Number(name) > 2 && isInherited(name)) closeSync(Number(name));
  }
}

function isInherited(name: string): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSES_ON_EXEC) === 0;
  } catch {
    // The folder's own, which is closed by now.
    return false;
  }
}
