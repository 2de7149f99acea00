/** A program of its own, started when a server was killed: removes the server's containers from the engines that it used. */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, type RemovalTarget } from './container-watcher.ts';
import { dockerAt } from './engine-call.ts';
import { findContainers, removeContainer } from './remove-containers.ts';

/** How long to look for containers: an engine that was asked for one before the server died may still be making it. */
const LOOK_MS = 10_000;
/** An engine that does not answer, such as during a restart, is retried for this long. */
const GIVE_UP_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;
const ANSWER_MS = 10_000;

async function removeAll(target: RemovalTarget): Promise<void> {
  const docker = dockerAt(addressOf(target), undefined, ANSWER_MS);
  const look = async (): Promise<void> => {
    const found = await findContainers(docker, target.labels, ANSWER_MS);
    await Promise.all(found.map(({ Id: id }) => removeContainer(docker, id, ANSWER_MS)));
  };
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    const worked = await look().then(
      () => true,
      () => false,
    );
    if (performance.now() - began > (worked ? LOOK_MS : GIVE_UP_MS)) return;
    await sleep(pause);
  }
}

const lines = (await text(process.stdin)).split('\n').filter((line) => line !== '');
await Promise.allSettled(lines.map((line) => removeAll(JSON.parse(line) as RemovalTarget)));
process.exit();
