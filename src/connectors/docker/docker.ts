/** Connectors as images: pulled once, named by their id, run in containers. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../config/index.ts';
import { InputError, SetupError, SluiceError } from '../../errors.ts';
import type { HostMemory } from '../../hosts.ts';
import { type Project, withLock } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { type DockerMarker, readMarker, writeMarker } from '../markers.ts';
import type { Availability, RuntimeModule } from '../runtime-module.ts';
import { protectedPaths } from '../sandbox/index.ts';
import { createSharedInstalls } from '../shared-installs.ts';
import type { ConnectorFacts, ConnectorRequest, Installed, RunControl } from '../types.ts';
import { type ContainerRunner, createContainerRunner } from './container-runner.ts';
import { connectEngine, type Engine } from './engine.ts';
import type { DockerEnvironment } from './engine-address.ts';
import { call, EngineError } from './engine-call.ts';
import { engineFailure } from './engine-failure.ts';
import { type ImageName, pullImage, REGISTRY_UNREACHABLE } from './pull.ts';

export interface DockerDeps {
  readonly settings: Settings;
  readonly project: Project;
  readonly redactor: Redactor;
  readonly childEnvironment: Readonly<Record<string, string>>;
  readonly dockerEnvironment: DockerEnvironment;
  readonly hosts: HostMemory;
}

export interface DockerRuntime extends RuntimeModule {
  readonly runner: ContainerRunner;
  /** Removes an image that Sluice pulled. @returns why it was not removed, if so, such as that another container uses it */
  removeImage(marker: DockerMarker): Promise<string | undefined>;
}

const LOCK_WAIT_MS = 60 * 60_000;
const REPOSITORY = /^([a-z0-9.-]+(:\d{1,5})?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Name of the folder, next to those of Python versions. */
function imageFolder(tag: string): string {
  return `docker-${tag}`;
}

interface ImageFacts {
  readonly Id: string;
  readonly Size?: number;
}

export function createDockerRuntime(deps: DockerDeps): DockerRuntime {
  const { settings, project, redactor, childEnvironment, dockerEnvironment } = deps;
  const shared = createSharedInstalls<Installed>();
  const connect = (signal?: AbortSignal): Promise<Engine> => connectEngine(dockerEnvironment, signal);
  return {
    available: (signal) => availability(dockerEnvironment, signal),
    runner: createContainerRunner({
      project,
      redactor,
      settings: settings.docker,
      protectedPaths: () => protectedPaths(settings),
      environment: childEnvironment,
      connect,
    }),
    fetchesFrom: async (_request, { repository }) => [imageHost(repository)],
    async installed(_request, { repository }, signal) {
      if (repository === undefined || !REPOSITORY.test(repository)) return [];
      const { works } = await availability(dockerEnvironment, signal);
      return works ? tagsHere(await connect(signal), repository, signal) : [];
    },
    removeImage: async (marker) =>
      removeImage(await connect(), marker).catch((error: unknown) => {
        throw engineFailure(error, `remove ${marker.image}`);
      }),
    async install(request, facts, control) {
      const image = imageOf(request, facts);
      const engine = await connect(control.signal);
      const key = JSON.stringify([request.connector, image]);
      return shared.run(key, control, (joint) =>
        findOrPull(deps, engine, request.connector, image, joint).catch((error: unknown) => {
          throw engineFailure(error, `look for ${image.repository}:${image.tag}`);
        }),
      );
    },
  };
}

/** The registry of an image's repository; of a name without a host, Docker Hub. */
function imageHost(repository = ''): string {
  const [first = '', ...rest] = repository.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}

/** Whether an engine answers, and which. */
export async function availability(environment: DockerEnvironment, signal?: AbortSignal): Promise<Availability> {
  try {
    const { version } = await connectEngine(environment, signal);
    return { works: true, by: `Docker ${version}` };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { works: false, why: error.message.replace(/\.$/, ''), fix: error.next };
  }
}

function imageOf({ connector, version }: ConnectorRequest, facts: ConnectorFacts): ImageName {
  const { repository } = facts;
  const tag = version ?? facts.version;
  if (repository === undefined || !REPOSITORY.test(repository) || !NAME.test(connector) || tag === undefined) {
    throw new InputError(
      'not_an_image',
      `The registry names no image for ${JSON.stringify(connector.slice(0, 80))}.`,
      'Leave runtime out to let Sluice choose, or use a name that list_connectors with runtime "docker" shows.',
    );
  }
  if (!TAG.test(tag)) {
    throw new InputError(
      'bad_version',
      `${JSON.stringify(tag.slice(0, 60))} is not an image tag.`,
      'Write the version as the registry does, such as 7.2.1, or leave version out.',
    );
  }
  return { repository, tag };
}

/** Two processes of one project pull once: the second finds the image when it gets the lock. */
async function findOrPull(
  deps: DockerDeps,
  engine: Engine,
  connector: string,
  image: ImageName,
  control: RunControl,
): Promise<Installed> {
  const folder = join(await deps.project.folder('connectors'), connector, imageFolder(image.tag));
  const here = await findImage(engine, image, control.signal);
  if (here) return note(folder, connector, image, here, false);
  if (deps.settings.offline) {
    throw new SetupError(
      'image_not_here',
      `${image.repository}:${image.tag} is not on this machine, and AIRBYTE_OFFLINE_MODE is on.`,
      `Run docker pull ${image.repository}:${image.tag} where there is a network, choose a version that is here, or switch offline mode off.`,
    );
  }
  const lock = join(await deps.project.folder('locks'), `install-${connector}-${imageFolder(image.tag)}.lock`);
  const options = {
    purpose: `pulling ${image.repository}:${image.tag}`,
    waitMs: LOCK_WAIT_MS,
    signal: control.signal,
    onWait: ({ pid }: { pid: number }) => control.progress(`waiting for process ${pid}, which pulls the same image`),
  };
  return withLock(lock, options, async () => {
    const meanwhile = await findImage(engine, image, control.signal);
    if (meanwhile) return note(folder, connector, image, meanwhile, false);
    await pullImage(engine, image, control).catch((error: unknown) => {
      if (error instanceof SluiceError && error.code === REGISTRY_UNREACHABLE)
        deps.hosts.failed(imageHost(image.repository));
      throw error;
    });
    deps.hosts.reached(imageHost(image.repository));
    const pulled = await findImage(engine, image, control.signal);
    if (!pulled) throw new TypeError(`${image.repository}:${image.tag} was pulled and is not there`);
    return note(folder, connector, image, pulled, true);
  });
}

async function findImage(
  engine: Engine,
  { repository, tag }: ImageName,
  signal?: AbortSignal,
): Promise<ImageFacts | undefined> {
  try {
    return await call(engine.docker.getImage(`${repository}:${tag}`).inspect(), { signal });
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined;
    throw error;
  }
}

/** Whoever pulled them: an image that is here is used. */
async function tagsHere(engine: Engine, repository: string, signal: AbortSignal): Promise<string[]> {
  const filters = { reference: [repository] };
  const images: readonly { RepoTags?: readonly string[] | null }[] = await call(
    engine.docker.listImages({ filters: JSON.stringify(filters) }),
    { signal },
  );
  return images.flatMap(({ RepoTags: tags }) => tags ?? []).flatMap((tag) => tag.split(`${repository}:`)[1] ?? []);
}

async function note(
  folder: string,
  connector: string,
  { repository, tag }: ImageName,
  { Id: id, Size: bytes = 0 }: ImageFacts,
  pulled: boolean,
): Promise<Installed> {
  const before = await readMarker(folder);
  if (before?.runtime !== 'docker' || before.image_id !== id || (pulled && !before.pulled)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeMarker(folder, {
      // A different image at this tag does not change who pulled it.
      ...(before ? { id: before.id } : {}),
      connector,
      version: tag,
      runtime: 'docker',
      image: `${repository}:${tag}`,
      image_id: id,
      bytes,
      pulled,
      installed_at: new Date().toISOString(),
    });
  }
  return {
    connector,
    version: tag,
    runtime: 'docker',
    start: { kind: 'container', image: id },
    stamp: id,
    newlyInstalled: pulled,
  };
}

/**
 * Removes an image that Sluice pulled.
 * @returns the message to report if the image is not removed
 * @throws SetupError when no engine answers; nothing is removed then
 */
async function removeImage(engine: Engine, { image, image_id: id }: DockerMarker): Promise<string | undefined> {
  try {
    const named = await call(engine.docker.getImage(image).inspect());
    if (named.Id === id) {
      await call(engine.docker.getImage(image).remove());
      return undefined;
    }
    await removeNameless(engine, id).catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error;
    });
    return `the image ${image}: by this name there is another image now than the one that Sluice pulled`;
  } catch (error) {
    if (!(error instanceof EngineError) || (error.status !== 404 && error.status !== 409)) throw error;
    return error.status === 409 ? `the image ${image}: a container uses it` : undefined;
  }
}

/** Removes a pulled image that lost its name; an image that somebody named otherwise remains. */
async function removeNameless(engine: Engine, id: string): Promise<void> {
  const image = engine.docker.getImage(id);
  const { RepoTags: tags } = await call(image.inspect());
  if (!tags || tags.length === 0) await call(image.remove());
}
