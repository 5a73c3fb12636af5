import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a proxy does instead of passing a request on: for all connections from then on, or to answer this one. */
export type Interference = 'cut' | 'swallow' | { readonly status: number; readonly message: string };

/** A connection to a daemon that can be disturbed. */
export interface DaemonProxy extends AsyncDisposable {
  /** For `--host`. */
  readonly address: string;
  /** Method and path of the requests that came, without the API version. */
  readonly requests: readonly string[];
}

export interface ProxyOptions {
  /** Is asked about every request: `POST /containers/create`. */
  readonly interfere?: (request: string) => Interference | undefined;
  /** Listen on a loopback port instead of a unix socket. */
  readonly isTcp?: boolean;
}

/** Passes on what goes to a daemon's unix socket, until it is told otherwise. */
export async function daemonProxy(target: string, options: ProxyOptions = {}): Promise<DaemonProxy> {
  const { interfere = () => undefined, isTcp = false } = options;
  const folder = await mkdtemp(join(tmpdir(), 'daemon-proxy-'));
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const daemon = createConnection({ path: target, allowHalfOpen: true });
    for (const [from, to] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      sockets.add(from);
      from.on('close', () => sockets.delete(from));
      from.on('error', () => to.destroy());
      from.on('end', () => isSwallowing || to.end());
      to.on('drain', () => from.resume());
    }
    daemon.on('data', (data) => isSwallowing || client.write(data) || daemon.pause());
    const pass = (data: Buffer) => isSwallowing || daemon.write(data) || client.pause();
    client.on('data', (data) => {
      const request = requestIn(data);
      if (request === undefined) return void pass(data);
      requests.push(request);
      const what = interfere(request);
      if (what === 'cut') return cut();
      if (typeof what === 'object') return void client.end(answer(what.status, what.message));
      isSwallowing ||= what === 'swallow';
      pass(data);
    });
  });
  const socketPath = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => {
    if (isTcp) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socketPath, resolve);
  });
  const address = server.address();
  return {
    address: address && typeof address === 'object' ? `tcp://127.0.0.1:${address.port}` : `unix://${socketPath}`,
    requests,
    async [Symbol.asyncDispose]() {
      cut();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function requestIn(data: Buffer): string | undefined {
  const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(data.toString('latin1', 0, 4096)) ?? [];
  return method && `${method} ${path?.replace(/^\/v[\d.]+/, '')}`;
}

function answer(status: number, message: string): string {
  const body = JSON.stringify({ message });
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
