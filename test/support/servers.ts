import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../../src/engine/types.ts';

/** A server of a test. Its disposal closes it and all its connections. */
export interface TestServer extends AsyncDisposable {
  readonly endpoint: Endpoint;
}

const tlsFile = (name: string) => readFile(new URL(`../../fixtures/tls/${name}`, import.meta.url));

/** An HTTP server on a loopback port. */
export async function httpServer(listener: RequestListener): Promise<TestServer> {
  return onLoopback(createServer(listener));
}

/** An HTTPS server with a certificate that nobody trusts. */
export async function httpsServer(listener: RequestListener): Promise<TestServer> {
  const [key, cert] = await Promise.all([tlsFile('localhost.key'), tlsFile('localhost.crt')]);
  return onLoopback(createTlsServer({ key, cert }, listener));
}

/** A TCP server that does what it likes with its connections. */
export async function tcpServer(onConnection: (socket: Socket) => void): Promise<TestServer> {
  return onLoopback(createTcpServer(onConnection));
}

/** An HTTP server on a unix socket. */
export async function unixHttpServer(listener: RequestListener): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'probe-'));
  const socketPath = join(folder, 'http.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    endpoint: { socketPath },
    async [Symbol.asyncDispose]() {
      await close(server);
      await rm(folder, { recursive: true });
    },
  };
}

async function onLoopback(server: Server): Promise<TestServer> {
  trackConnections(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: { host: '127.0.0.1', port: address.port },
    [Symbol.asyncDispose]: () => close(server),
  };
}

const connections = new WeakMap<Server, Set<Socket>>();

function trackConnections(server: Server): void {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
}

async function close(server: Server): Promise<void> {
  for (const socket of connections.get(server) ?? []) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
