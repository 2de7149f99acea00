/** A watcher for a run that no sandbox ties to the server: it ends the run's processes if the server is killed. */
import { spawn } from 'node:child_process';
import { markNumber } from './limits.ts';

/**
 * Its input is a pipe from the server. A line reports that the run is over; the end of the pipe without one, that the server has
 * exited. Processes that left the group are found by their limit, if the system shows limits; twice, because they may fork.
 */
const SCRIPT = `read -r over && exit 0
kill -9 -- "-$1" 2>/dev/null
for pass in 1 2; do
  for process in /proc/[0-9]*; do
    grep -Eqs "^Max file locks +$2 " "$process/limits" && kill -9 "\${process#/proc/}" 2>/dev/null
  done
done`;

/**
 * @param group the run's process group
 * @param mark of the run
 * @returns a function that reports that the run is over
 */
export function watchServer(group: number, mark: string): () => void {
  if (process.platform === 'win32') return () => undefined;
  const watcher = spawn('/bin/sh', ['-c', SCRIPT, 'sluice-watcher', `${group}`, `${markNumber(mark)}`], {
    // A group of its own: Ctrl-C in a terminal is for the server.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
  // Without a watcher the next run ends what is left.
  for (const source of [watcher, watcher.stdin]) source.on('error', () => undefined);
  watcher.unref();
  return () => watcher.stdin.end('\n');
}
