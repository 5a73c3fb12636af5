import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Container } from 'dockerode';
import { closeQuietly } from '../host/pipes.ts';
import { isTracedBy, listeningIn, mindsSignalBy } from '../host/process-table.ts';
import type { ToolkitPaths } from '../types.ts';
import { nothingWhenRefused } from './api/errors.ts';
import { readFrames } from './api/frames.ts';
import { runExec, startExec } from './exec.ts';
import type { ContainerView } from './host-view.ts';

/**
 * Looks at a container through commands of the toolkit in it: for daemons on other machines. Each connection to a port
 * goes through a command of its own, so nothing has to be published, and what listens on loopback only is reached too.
 */
export function insideView(container: Container, toolkit: ToolkitPaths, directory: string): ContainerView {
  const forwarder = new Forwarder(container, toolkit, directory);
  const read = async (...paths: string[]) => {
    const command = [...toolkit.launcher, `${toolkit.bin}/cat`, ...paths];
    const { stdout } = await runExec(container, { command, user: '0' }, { signal: AbortSignal.timeout(READ_MS) });
    return stdout.toString('latin1').split('\n');
  };
  return {
    isListening: async (port) =>
      listeningIn(await read('/proc/net/tcp', '/proc/net/tcp6').catch(nothingWhenRefused)).has(port),
    mindsSignal: async (signal) => {
      const [syscall = '', ...status] = await read('/proc/1/syscall', '/proc/1/status').catch(nothingWhenRefused);
      // Where that may not be read there is nothing to be told by.
      return !/^\d/.test(syscall) || mindsSignalBy(syscall, status, signal);
    },
    isTraced: async () => isTracedBy(await read('/proc/1/status').catch(nothingWhenRefused)),
    endpoint: (port) => forwarder.endpoint(port),
    close: () => forwarder.close(),
  };
}

const READ_MS = 30_000;

/** By address: an image may have its names looked up elsewhere first. */
const CONNECT = '"$@" -t 0.1 - "TCP4:127.0.0.1:$0" 2>/dev/null || "$@" -t 0.1 - "TCP6:[::1]:$0"';

/** Unix sockets of this host that lead to TCP ports of a container. */
class Forwarder {
  readonly #container: Container;
  readonly #toolkit: ToolkitPaths;
  readonly #directory: string;
  readonly #servers = new Map<number, Promise<Server>>();
  readonly #connections = new Set<Socket>();
  #folder: number | undefined;

  constructor(container: Container, toolkit: ToolkitPaths, directory: string) {
    this.#container = container;
    this.#toolkit = toolkit;
    this.#directory = directory;
  }

  async endpoint(port: number): Promise<{ socketPath: string }> {
    const server = this.#servers.get(port) ?? this.#listen(port);
    this.#servers.set(port, server);
    await server;
    // Short wherever the folder is: a socket's path has 107 bytes at most.
    return { socketPath: `/proc/self/fd/${this.#folder}/${port}.sock` };
  }

  close(): void {
    for (const server of this.#servers.values()) void server.then((open) => open.close()).catch(() => {});
    for (const connection of this.#connections) connection.destroy();
    if (this.#folder !== undefined) closeQuietly(this.#folder);
  }

  async #listen(port: number): Promise<Server> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    this.#folder ??= openSync(this.#directory, 'r');
    const server = createServer({ allowHalfOpen: true }, (connection) => void this.#forward(connection, port));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(join(`/proc/self/fd/${this.#folder}`, `${port}.sock`), resolve);
    });
    return server;
  }

  async #forward(connection: Socket, port: number): Promise<void> {
    const { launcher, bin, sh } = this.#toolkit;
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    connection.on('error', () => connection.destroy());
    try {
      const command = [...launcher, sh, '-c', CONNECT, String(port), ...launcher, `${bin}/socat`];
      const { stream } = await startExec(this.#container, { command });
      stream.on('error', () => connection.destroy());
      connection.once('close', () => stream.destroy());
      // That a client has said all it wants is not passed on: no more than an answer would be waited for then.
      connection.pipe(stream, { end: false });
      for await (const { channel, data } of readFrames(stream)) {
        if (channel === 'stdout' && !connection.write(data)) await once(connection, 'drain');
      }
      connection.end();
    } catch {
      // Whoever connected sees that nothing came.
      connection.destroy();
    }
  }
}
