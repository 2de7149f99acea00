/** Runs connectors in containers: creates, copies files in, attaches, then starts; always removes them. */
import { randomBytes } from 'node:crypto';
import { type Duplex, Writable } from 'node:stream';
import type { ContainerCreateOptions } from 'dockerode';
import type { DockerSettings } from '../../config/index.ts';
import { abortError, messageOf, SetupError, serverEnds } from '../../errors.ts';
import type { Project } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { createErrorOutput } from '../process/output.ts';
import { redactedText } from '../process/tail.ts';
import type { Runner, Running, Task } from '../runner.ts';
import type { ContainerStart } from '../types.ts';
import { containerEnvironment, containerOptions, createProcessorCount, INPUT_FOLDER, inputPath } from './container.ts';
import { waitForEnd } from './container-end.ts';
import { containerMounts } from './container-mounts.ts';
import { createContainerRecord, projectId, sweepContainerRecords } from './container-records.ts';
import { createContainerWatcher } from './container-watcher.ts';
import { demultiplex } from './demultiplex.ts';
import type { Engine } from './engine.ts';
import { call, EngineError } from './engine-call.ts';
import { engineFailure } from './engine-failure.ts';
import { resolveUser } from './image-user.ts';
import { endOrphanContainers, RUN_LABEL, serverLabels } from './orphans.ts';
import { removeContainer } from './remove-containers.ts';
import { packTar, type TarEntry } from './tar.ts';

export interface ContainerDeps {
  readonly project: Project;
  readonly redactor: Redactor;
  readonly settings: DockerSettings;
  /** Paths that no connector may see, even if mounted. */
  protectedPaths(): Promise<readonly string[]>;
  /** What connectors may see of the environment; a container gets its proxies. */
  readonly environment: Readonly<Record<string, string>>;
  connect(signal?: AbortSignal): Promise<Engine>;
}

export interface ContainerRunner extends Runner {
  /** Ends what dead servers of the project of this id left on the engine; `run` does it before each start. */
  endOrphans(id: string): Promise<void>;
  /** Ends everything quickly and refuses to start anything more. */
  endAll(): Promise<void>;
}

/** Seconds that a container may take to end by itself after SIGTERM. */
const GRACE_SECONDS = 2;
const SHUTDOWN_MS = 700;
/** A silent engine must not delay a caller that gives up: leftovers are removed at the next run. */
const REMOVE_MS = 10_000;
const STOP_MS = 3000;

interface Live {
  /** Settles when nothing of the run is left on the engine. */
  end(timeoutMs?: number): Promise<void>;
}

interface Made {
  readonly id: string;
  readonly engine: Engine;
}

export function createContainerRunner(deps: ContainerDeps): ContainerRunner {
  const live = new Set<Live>();
  /** Containers not removed because the engine did not answer: retried at each run. */
  const left = new Set<string>();
  const record = createContainerRecord(deps.project, () => live.size + left.size > 0);
  const watcher = createContainerWatcher(deps.environment);
  const processors = createProcessorCount();
  let closing = false;
  return {
    async run(task, body) {
      const { signal } = task;
      if (signal.aborted) throw abortError(signal);
      let making: Promise<Made> | undefined;
      let socket: Duplex | undefined;
      let ended: Promise<void> | undefined;
      const entry: Live = {
        end(timeoutMs = REMOVE_MS) {
          ended ??= (async () => {
            // A shutdown during the making waits for the container, so that it can be removed.
            const made = await making?.catch(() => undefined);
            // Report how the run ended, even if the engine no longer answers.
            if (made) await removeContainer(made.engine.docker, made.id, timeoutMs).catch(() => left.add(made.id));
            socket?.destroy();
          })();
          return ended;
        },
      };
      live.add(entry);
      // The end of the output is what the body waits for, whether or not the engine still answers.
      const onAbort = (): void => void making?.then(stop).catch(() => socket?.destroy());
      try {
        const running = await startRun(async () => {
          const engine = await deps.connect(signal);
          await endOrphanContainers(engine, projectId(deps.project));
          await sweepContainerRecords(deps.project, (id) => endOrphanContainers(engine, id));
          await Promise.allSettled(
            [...left].map((id) => removeContainer(engine.docker, id).then(() => left.delete(id))),
          );
          await record.update();
          if (closing) throw serverEnds();
          await watcher.watch(engine.address, await serverLabels(deps.project));
          if (closing) throw serverEnds();
          making = make(deps, engine, task, processors, left);
          const made = await making;
          await putFiles(engine, made.id, task);
          socket = await attach(engine, made.id, task.writes ?? false);
          const listening = listen(deps, made, socket, task.writes ?? false);
          if (closing) throw serverEnds();
          if (signal.aborted) throw abortError(signal);
          await start(made);
          return listening();
        }, signal);
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        return await body(running);
      } finally {
        signal.removeEventListener('abort', onAbort);
        await entry.end(closing ? SHUTDOWN_MS : undefined);
        live.delete(entry);
        if (live.size + left.size === 0) watcher.end();
        // Only later servers need it; the next update tries again.
        await record.update().catch(() => {});
      }
    },
    endOrphans: async (id) => endOrphanContainers(await deps.connect(), id),
    async endAll() {
      closing = true;
      await Promise.allSettled([...live].map((entry) => entry.end(SHUTDOWN_MS)));
      // What could not be removed is the watcher's, when this process has ended.
      if (left.size === 0) watcher.end();
    },
  };
}

async function make(
  deps: ContainerDeps,
  engine: Engine,
  task: Task,
  processors: (engine: Engine) => Promise<number>,
  left: Set<string>,
): Promise<Made> {
  const run = randomBytes(8).toString('hex');
  const name = `sluice-${run}`;
  const { image } = task.installed.start as ContainerStart;
  const options = containerOptions({
    name,
    task,
    image,
    settings: deps.settings,
    // A destination writes to folders that a person configured; everything else is read-only.
    mounts: await containerMounts(
      deps.settings.mounts,
      /^destination-/.test(task.installed.connector),
      await deps.protectedPaths(),
    ),
    processors: await processors(engine),
    labels: { ...(await serverLabels(deps.project)), [RUN_LABEL]: run },
    environment: containerEnvironment(deps.environment),
  });
  try {
    const { id } = await call(engine.docker.createContainer(inBody(options)));
    return { id, engine };
  } catch (error) {
    // An engine that has not answered may make it yet.
    if (!(error instanceof EngineError)) left.add(name);
    throw error;
  }
}

/** The client would also put all of it into the URL, which engine logs show: it contains a proxy password. */
function inBody({ name, ...options }: ContainerCreateOptions): ContainerCreateOptions {
  return { _query: { name }, _body: options } as ContainerCreateOptions;
}

/** Sends an archive from memory into the container, never through a file on this machine. */
async function putFiles(engine: Engine, id: string, { files, signal }: Task): Promise<void> {
  const names = Object.keys(files);
  if (names.length === 0) return;
  const container = engine.docker.getContainer(id);
  const { Config: config } = await call(container.inspect(), { signal });
  const owner = await resolveUser(engine, id, config.User, signal);
  const entries: TarEntry[] = [{ path: `${INPUT_FOLDER.slice(1)}/`, mode: 0o700, ...owner }];
  for (const name of names) {
    await files[name]?.(async (text) => {
      entries.push({ path: inputPath(name).slice(1), mode: 0o600, ...owner, content: Buffer.from(text) });
    });
  }
  // Without copyUIDGID the archive's owners stay; with it, an engine of 20.10 needs tools that small images lack.
  await call(container.putArchive(packTar(entries), { path: '/' }), { signal });
}

async function attach(engine: Engine, id: string, writes: boolean): Promise<Duplex> {
  const options = { stream: true, stdout: true, stderr: true, stdin: writes, hijack: true };
  // Hijacked, it is the connection itself, whose halves close apart.
  return (await call(engine.docker.getContainer(id).attach(options))) as Duplex;
}

async function start({ engine, id }: Made): Promise<void> {
  await call(engine.docker.getContainer(id).start());
}

async function stop({ engine, id }: Made): Promise<void> {
  const timeoutMs = GRACE_SECONDS * 1000 + STOP_MS;
  await call(engine.docker.getContainer(id).stop({ t: GRACE_SECONDS }), { timeoutMs });
}

/** Listens from before the start. @returns a function that builds the callback's argument once the container runs */
function listen({ redactor }: ContainerDeps, made: Made, socket: Duplex, writes: boolean): () => Running {
  const errors = createErrorOutput();
  const { stdout, ended } = demultiplex(socket, errors.push);
  return () => ({
    stdout,
    stdin: writes ? inputOf(socket) : undefined,
    outputEnded: ended.then(() => {}),
    exit: waitForEnd(made.engine, made.id, ended).then((how) => ({
      ...how,
      stderrTail: redactedText(errors.tail, redactor),
    })),
    onStderr: errors.onText,
  });
}

/** Its end closes one half of the connection alone: the container's output still comes. */
function inputOf(socket: Duplex): Writable {
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
  });
  // Input written to a program that has exited is lost; its exit code reports the failure.
  input.on('error', () => {});
  return input;
}

/** Turns an engine's refusal into an error that the reader can act on. */
async function startRun(begin: () => Promise<Running>, signal: AbortSignal): Promise<Running> {
  try {
    return await begin();
  } catch (error) {
    if (signal.aborted && !(error instanceof EngineError)) throw abortError(signal);
    throw missingMount(error) ?? engineFailure(error, 'start the container');
  }
}

function missingMount(error: unknown): SetupError | undefined {
  const mount = /bind source path does not exist: (.+)$/i.exec(messageOf(error))?.[1];
  if (mount === undefined) return undefined;
  return new SetupError(
    'mount_missing',
    `The folder ${mount.trim()} does not exist where the Docker engine runs.`,
    'Make it, or take it out of SLUICE_DOCKER_MOUNTS, and restart the server.',
  );
}
