/** A separate process that removes the server's containers when the server was killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineAddress } from './engine-address.ts';
import type { Labels } from './remove-containers.ts';

/** An engine with the labels of the containers to remove there, as one line of JSON; certificates are base64. */
export interface RemovalTarget {
  readonly address: Omit<EngineAddress, 'tls'>;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly labels: Labels;
}

export interface ContainerWatcher {
  /** Settles when containers with these labels on this engine are removed should the server be killed from now on. */
  watch(address: EngineAddress, labels: Labels): Promise<void>;
  /** Ends the watcher: no container of the server is left. */
  end(): void;
}

/**
 * Its input is a pipe from the server: a line for each engine, then `over`. If the pipe ends without that word, the
 * server has exited. Only then does a small shell (1 MB) start Node. Other processes cannot read its input, unlike its
 * arguments and environment: a line may hold the key of a TLS engine.
 */
const SCRIPT = `targets=
while IFS= read -r line; do
  [ "$line" = over ] && exit 0
  targets="$targets$line
"
done
[ -z "$targets" ] || printf '%s' "$targets" | "$1" "$2" "$3"`;

/** Path of the program in the bundle. */
const PROGRAM = './end-containers.js';
const CERTIFICATES = /^(SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/;

/** @param environment the watcher gets only its certificate paths */
export function createContainerWatcher(environment: Readonly<Record<string, string>>): ContainerWatcher {
  const certificates = Object.entries(environment).filter(([name]) => CERTIFICATES.test(name));
  let watcher: ChildProcess | undefined;
  let watched: Map<string, Promise<void>> = new Map();
  /** @param server for `ps` alone */
  const start = (server: string): ChildProcess => {
    const program = fileURLToPath(new URL(PROGRAM, import.meta.url));
    const started = spawn('/bin/sh', ['-c', SCRIPT, 'sluice-container-watcher', process.execPath, program, server], {
      // A group of its own: Ctrl-C in a terminal is for the server.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      // A desktop client may run the server by its own Electron, which acts as Node only with this variable.
      env: { PATH: '/usr/bin:/bin', ELECTRON_RUN_AS_NODE: '1', ...Object.fromEntries(certificates) },
      cwd: '/',
    });
    const onEnd = (): void => {
      if (watcher === started) watcher = undefined;
    };
    started.on('error', onEnd).on('exit', onEnd).unref();
    started.stdin?.on('error', () => undefined);
    return started;
  };
  return {
    watch(address, labels) {
      if (process.platform === 'win32') return Promise.resolve();
      if (!watcher) {
        watched = new Map();
        watcher = start(Object.values(labels).join(' '));
      }
      const { stdin } = watcher;
      const line = JSON.stringify(targetOf(address, labels));
      // Without a watcher the next run removes what is left.
      const write = (done: () => void): unknown => (stdin ? stdin.write(`${line}\n`, () => done()) : done());
      const written = watched.get(line) ?? new Promise<void>(write);
      watched.set(line, written);
      return written;
    },
    end() {
      watcher?.stdin?.end('over\n');
      watcher = undefined;
    },
  };
}

function targetOf({ tls, ...address }: EngineAddress, labels: Labels): RemovalTarget {
  if (!tls) return { address, labels };
  const { ca, cert, key } = tls;
  const texts = { ca: ca?.toString('base64'), cert: cert?.toString('base64'), key: key?.toString('base64') };
  return { address, tls: texts, labels };
}

/** The address as the server knew it. */
export function addressOf({ address, tls }: RemovalTarget): EngineAddress {
  if (!tls) return address;
  const files = Object.entries(tls).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
  return { ...address, tls: Object.fromEntries(files) };
}
