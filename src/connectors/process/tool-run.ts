/** Short questions to programs of the machine, such as their version. Nothing secret goes in or comes out. */

export interface ToolAnswer {
  readonly succeeded: boolean;
  readonly stdout: string;
}

const LIMIT_MS = 10_000;

/** Never throws for the program's sake: one that is missing, fails or hangs has not succeeded. */
export async function askTool(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ToolAnswer> {
  const { execa } = await import('execa');
  const { failed, stdout } = await execa(program, [...args], {
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1_000_000,
    reject: false,
  });
  return { succeeded: !failed, stdout: stdout ?? '' };
}
