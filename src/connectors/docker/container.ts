/** What a container may and may not do, in the format of the engine's API. */
import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import type { DockerSettings } from '../../config/index.ts';
import type { Task } from '../runner.ts';
import type { Engine } from './engine.ts';
import { call } from './engine-call.ts';

/** The folder of a run's files inside the container; images have no files there. */
export const INPUT_FOLDER = '/sluice-input';

export interface ContainerPlan {
  readonly name: string;
  readonly task: Task;
  /** An image's id. */
  readonly image: string;
  readonly settings: DockerSettings;
  readonly mounts: readonly MountSettings[];
  /** Processors of the engine's machine, beyond which a limit is refused; 0 for no limit. */
  readonly processors: number;
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value`, besides what the image sets. */
  readonly environment: readonly string[];
}

export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const { name, task, image, settings, mounts, processors, labels, environment } = plan;
  const { verb, files, writes = false } = task;
  return {
    name,
    Image: image,
    Cmd: [verb, ...Object.keys(files).flatMap((name) => [`--${name}`, inputPath(name)])],
    // A state that waits in Python's buffer would not be confirmed before the end.
    Env: writes ? [...environment, 'PYTHONUNBUFFERED=1'] : [...environment],
    Labels: labels,
    Tty: false,
    AttachStdin: writes,
    OpenStdin: writes,
    StdinOnce: writes,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      // A first process that ends what is left and passes signals on: Python as the first one ignores SIGTERM.
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: settings.memoryBytes,
      MemorySwap: settings.memoryBytes,
      ...(processors > 0 ? { NanoCpus: Math.round(Math.min(settings.cpus, processors) * 1e9) } : {}),
      PidsLimit: settings.pids,
      // Nothing of the output is written to the engine's disk; it is six times as fast besides.
      LogConfig: { Type: 'none', Config: {} },
      ExtraHosts: ['host.docker.internal:host-gateway'],
      RestartPolicy: { Name: 'no' },
      Mounts: [...mounts],
    },
  };
}

export function inputPath(name: string): string {
  return `${INPUT_FOLDER}/${name}.json`;
}

const PROXY = /^(https?|no|all|ftp)_proxy$/i;

/**
 * Of this machine's environment only its proxies: a container has none otherwise. One that listens on this machine's
 * loopback cannot be reached from inside, and paths of certificates mean nothing there.
 */
export function containerEnvironment(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => PROXY.test(name) && (/^no_proxy$/i.test(name) || !LOOPBACK_PROXY.test(value)))
    .map(([name, value]) => `${name}=${value}`);
}

const LOOPBACK_PROXY = /^([a-z0-9]+:\/\/)?([^@/]*@)?(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)(:|\/|$)/i;

/** Processors of the engine's machine, asked once for each engine; none if it cannot limit them, as some rootless ones. */
export function createProcessorCount(): (engine: Engine) => Promise<number> {
  const known = new Map<string, number>();
  return async ({ docker, address }) => {
    const before = known.get(address.name);
    if (before !== undefined) return before;
    const { NCPU: count = 1, CpuCfsQuota: limits = true } = (await call(docker.info())) as Info;
    known.set(address.name, limits ? count : 0);
    return limits ? count : 0;
  };
}

interface Info {
  readonly NCPU?: number;
  readonly CpuCfsQuota?: boolean;
}
