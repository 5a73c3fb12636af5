import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Container, Endpoint, Listener } from '../../engine/types.ts';

/** A port of this host's loopback interface that leads into a container until it is disposed of. */
export interface Forwarding extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

/** Makes a port or socket of a container reachable as a TCP port of this host, for programs that know nothing of containers. */
export async function forward(container: Container, listener: Listener): Promise<Forwarding> {
  const endpoint = await container.endpoint(listener);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => join(client, dial(endpoint), sockets));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, LOOPBACK, resolve));
  return {
    host: LOOPBACK,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function dial(endpoint: Endpoint): Socket {
  const allowHalfOpen = true;
  return 'socketPath' in endpoint
    ? connect({ path: endpoint.socketPath, allowHalfOpen })
    : connect({ ...endpoint, allowHalfOpen });
}

function join(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }
  // What goes wrong on one side is told to the other by the end of its connection.
  pipeline(client, upstream, () => {});
  pipeline(upstream, client, () => {});
}
