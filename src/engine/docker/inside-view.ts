import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Container } from 'dockerode';
import type { ContainerView } from '../container-view.ts';
import { closeQuietly } from '../host/pipes.ts';
import { isTracedBy, listeningIn, mindsSignalBy, unixSocketsIn } from '../host/process-table.ts';
import type { Listener, ToolkitPaths } from '../types.ts';
import { nothingWhenRefused } from './api/errors.ts';
import { readFrames } from './api/frames.ts';
import { runExec, startExec } from './exec.ts';

/**
 * Looks at a container through commands of the toolkit in it: for daemons on other machines. Each connection to a port
 * goes through a command of its own, so nothing has to be published, and what listens on loopback only is reached too.
 */
export function insideView(container: Container, toolkit: ToolkitPaths, directory: string): ContainerView {
  const forwarder = new Forwarder(container, toolkit, directory);
  const cat = [...toolkit.launcher, `${toolkit.bin}/cat`];
  const linesOf = async (command: string[]) => {
    const { stdout } = await runExec(container, { command, user: '0' }, { signal: AbortSignal.timeout(READ_MS) });
    return stdout.toString('latin1').split('\n');
  };
  const read = (...paths: string[]) => linesOf([...cat, ...paths]);
  const readIfSocket = (path: string) =>
    linesOf([...toolkit.launcher, toolkit.sh, '-c', 'test -S "$0" && exec "$@"', path, ...cat, '/proc/net/unix']);
  return {
    async isListening(listener) {
      if (typeof listener === 'number')
        return listeningIn(await read('/proc/net/tcp', '/proc/net/tcp6').catch(nothingWhenRefused)).has(listener);
      const lines = await readIfSocket(listener).catch(nothingWhenRefused);
      return lines.length > 1 && unixSocketsIn(lines).mayListen(listener);
    },
    mindsSignal: async (signal) => {
      const [syscall = '', ...status] = await read('/proc/1/syscall', '/proc/1/status').catch(nothingWhenRefused);
      // Where that may not be read there is nothing to be told by.
      return !/^\d/.test(syscall) || mindsSignalBy(syscall, status, signal);
    },
    isTraced: async () => isTracedBy(await read('/proc/1/status').catch(nothingWhenRefused)),
    endpoint: (listener) => forwarder.endpoint(listener),
    close: () => forwarder.close(),
  };
}

const READ_MS = 30_000;

/** By address: an image may have its names looked up elsewhere first. */
const CONNECT_TCP = '"$@" -t 0.1 - "TCP4:127.0.0.1:$0" 2>/dev/null || "$@" -t 0.1 - "TCP6:[::1]:$0"';
const CONNECT_UNIX = 'exec "$@" -t 0.1 - "UNIX-CONNECT:$0"';

/** Unix sockets of this host that lead to TCP ports and unix sockets of a container. */
class Forwarder {
  readonly #container: Container;
  readonly #toolkit: ToolkitPaths;
  readonly #directory: string;
  readonly #servers = new Map<Listener, Promise<{ readonly server: Server; readonly name: string }>>();
  readonly #connections = new Set<Socket>();
  #folder: number | undefined;

  constructor(container: Container, toolkit: ToolkitPaths, directory: string) {
    this.#container = container;
    this.#toolkit = toolkit;
    this.#directory = directory;
  }

  async endpoint(listener: Listener): Promise<{ socketPath: string }> {
    const listening = this.#servers.get(listener) ?? this.#listen(listener, `${this.#servers.size}.sock`);
    this.#servers.set(listener, listening);
    const { name } = await listening;
    // Short wherever the folder is: a socket's path has 107 bytes at most.
    return { socketPath: `/proc/self/fd/${this.#folder}/${name}` };
  }

  close(): void {
    for (const listening of this.#servers.values()) void listening.then(({ server }) => server.close()).catch(() => {});
    for (const connection of this.#connections) connection.destroy();
    if (this.#folder !== undefined) closeQuietly(this.#folder);
  }

  async #listen(listener: Listener, name: string): Promise<{ server: Server; name: string }> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    this.#folder ??= openSync(this.#directory, 'r');
    const server = createServer({ allowHalfOpen: true }, (connection) => void this.#forward(connection, listener));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(join(`/proc/self/fd/${this.#folder}`, name), resolve);
    });
    return { server, name };
  }

  async #forward(connection: Socket, listener: Listener): Promise<void> {
    const { launcher, bin, sh } = this.#toolkit;
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    connection.on('error', () => connection.destroy());
    try {
      const [script, address] =
        typeof listener === 'number' ? [CONNECT_TCP, String(listener)] : [CONNECT_UNIX, quoted(listener)];
      const command = [...launcher, sh, '-c', script, address, ...launcher, `${bin}/socat`];
      // A socket may be another user's than the container's.
      const { stream } = await startExec(this.#container, { command, user: '0' });
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

/** An address for socat, to which some characters mean something. Source: socat(1), address specifications */
function quoted(path: string): string {
  return path.replace(/[^\w./-]/g, '\\$&');
}
