/** Short questions to programs of the machine, such as their version. Nothing secret goes in or comes out. */

export interface ToolAnswer {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 10_000;
let keepsSignal = false;

/** Never throws for the program's sake: one that is missing, fails or hangs has not succeeded. */
export async function askTool(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ToolAnswer> {
  keepFileSizeSignal();
  const { execa } = await import('execa');
  const { failed, stdout, stderr } = await execa(program, [...args], {
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1_000_000,
    reject: false,
  });
  return { succeeded: !failed, stdout: stdout ?? '', stderr: stderr ?? '' };
}

/**
 * Node ignores SIGXFSZ, so that a file which may not grow is an error of its writer. execa listens to signals while a tool
 * runs, and with its last listener the system's own way would come back, which ends this process. One of ours stays.
 */
function keepFileSizeSignal(): void {
  if (keepsSignal || process.platform === 'win32') return;
  keepsSignal = true;
  process.on('SIGXFSZ', () => {});
}
