/** Between Sluice and the real engine: forwards every connection, and cuts or freezes those that a test names. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface EngineForwarder {
  /** In the form of DOCKER_HOST. */
  readonly address: string;
  /** Ends the connections on which a call was made whose first line matches, in a stream's own way (FIN) or at once. */
  cut(call: RegExp, how?: 'end' | 'destroy'): number;
  /** Settles when the first line of a call matches, before it is forwarded. */
  seen(call: RegExp): Promise<void>;
  /**
   * Settles when a call comes whose first line matches; it and all that follows is held back, as by `freeze`. The engine does
   * not hear that the caller has closed its end.
   */
  freezeAt(call: RegExp): Promise<void>;
  /** Forwards nothing more, in either direction, and closes nothing. */
  freeze(): void;
  thaw(): void;
  close(): void;
}

interface Line {
  readonly from: Socket;
  readonly to: Socket;
  call: string;
  staysOpen: boolean;
}

export async function startEngineForwarder(): Promise<EngineForwarder> {
  const lines = new Set<Line>();
  const awaited = new Set<{ readonly call: RegExp; readonly freezes: boolean; readonly resolve: () => void }>();
  let frozen = false;
  const freeze = (): void => {
    frozen = true;
    for (const { from, to } of lines) for (const one of [from, to]) one.pause();
  };
  const note = (line: Line, call: string): void => {
    line.call = call;
    for (const one of awaited) {
      if (!one.call.test(call)) continue;
      awaited.delete(one);
      if (one.freezes) {
        line.staysOpen = true;
        freeze();
      }
      one.resolve();
    }
  };
  const server = createServer((from) => {
    const to = connect('/var/run/docker.sock');
    const line: Line = { from, to, call: '', staysOpen: false };
    lines.add(line);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('data', (chunk: Buffer) => {
        if (one === from && /^[A-Z]+ \//.test(chunk.toString('latin1', 0, 16))) {
          note(line, chunk.toString('latin1').split('\r\n')[0] ?? '');
        }
        if (frozen) one.unshift(chunk);
        else if (!other.write(chunk)) one.pause();
      });
      other.on('drain', () => {
        if (!frozen) one.resume();
      });
      one.on('end', () => line.staysOpen || other.end());
      one.on('error', () => other.destroy());
      one.on('close', () => lines.delete(line));
      if (frozen) one.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(call, how = 'destroy') {
      const meant = [...lines].filter((line) => call.test(line.call));
      for (const { from, to } of meant) {
        from[how]();
        to.destroy();
      }
      return meant.length;
    },
    seen: (call) => new Promise((resolve) => void awaited.add({ call, freezes: false, resolve })),
    freezeAt: (call) => new Promise((resolve) => void awaited.add({ call, freezes: true, resolve })),
    freeze,
    thaw() {
      frozen = false;
      for (const { from, to } of lines) for (const one of [from, to]) one.resume();
    },
    close() {
      server.close();
      for (const { from, to } of lines) for (const one of [from, to]) one.destroy();
    },
  };
}
