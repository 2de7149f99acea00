/** Between Sluice and the real engine: forwards every connection, and cuts or freezes those that a test names. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface EngineForwarder {
  /** As DOCKER_HOST says it. */
  readonly address: string;
  /** Ends the connections on which a call was made whose first line matches, in a stream's own way (FIN) or at once. */
  cut(call: RegExp, how?: 'end' | 'destroy'): number;
  /** Forwards nothing more, in either direction, and closes nothing. */
  freeze(): void;
  thaw(): void;
  close(): void;
}

interface Line {
  readonly from: Socket;
  readonly to: Socket;
  call: string;
}

export async function startEngineForwarder(): Promise<EngineForwarder> {
  const lines = new Set<Line>();
  let frozen = false;
  const server = createServer((from) => {
    const to = connect('/var/run/docker.sock');
    const line: Line = { from, to, call: '' };
    lines.add(line);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('data', (chunk: Buffer) => {
        if (one === from && /^[A-Z]+ \/\S* HTTP/.test(chunk.toString('latin1', 0, 300))) {
          line.call = chunk.toString('latin1').split('\r\n')[0] ?? '';
        }
        if (!other.write(chunk)) one.pause();
      });
      other.on('drain', () => {
        if (!frozen) one.resume();
      });
      one.on('end', () => other.end());
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
    freeze() {
      frozen = true;
      for (const { from, to } of lines) for (const one of [from, to]) one.pause();
    },
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
