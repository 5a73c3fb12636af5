import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { TestServer } from './servers.ts';

const tlsFile = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url));

/** Key and certificate of a server that nobody trusts. */
export const untrusted = { key: tlsFile('localhost.key'), cert: tlsFile('localhost.crt') };

/** A TLS server that does what it likes with its connections. */
export function tlsServer(onConnection: (socket: TLSSocket) => void): Promise<TestServer> {
  return listening(createTlsServer(untrusted, onConnection));
}

/** A server on a loopback port; its disposal closes it and all its connections. */
export async function listening(server: Server): Promise<TestServer> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
