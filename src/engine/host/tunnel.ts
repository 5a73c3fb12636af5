import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TraceSlimError } from '../../errors.ts';
import { commandFailed, hostPath } from './command.ts';
import { closeQuietly } from './pipes.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/netns-tunnel.js', import.meta.url));

/** Makes a container's TCP ports reachable as unix sockets of this host. */
export class Tunnel {
  readonly #process: ChildProcess;
  readonly #directory: number;
  readonly #sockets = new Map<number, Promise<string>>();
  readonly #waiting = new Map<string, () => void>();
  readonly #broken: Promise<never>;

  private constructor(child: ChildProcess, directory: string) {
    this.#process = child;
    this.#directory = openSync(directory, 'r');
    if (!child.stdout) throw new Error('the tunnel has no output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.get(line)?.());
    this.#broken = new Promise((_, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(commandFailed('nsenter', error.code, '', 'reaching the ports of a container')),
      );
      child.once('close', () =>
        reject(new TraceSlimError('ENGINE_FAILED', "the tunnel into the container's network ended")),
      );
    });
    this.#broken.catch(() => {});
    child.stdin?.on('error', () => {});
  }

  /** Starts the tunnel in the network namespace of a process. Sockets are made in `directory`. */
  static async start(pid: number, directory: string): Promise<Tunnel> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', process.execPath, PROGRAM], {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: hostPath() },
      detached: true,
    });
    return new Tunnel(child, directory);
  }

  /** The unix socket that leads to a port, by a path that is short wherever the folder is. It accepts connections also while nothing listens on the port. */
  socketFor(port: number): Promise<string> {
    const known = this.#sockets.get(port);
    if (known !== undefined) return known;
    const ready = new Promise<void>((resolve) => this.#waiting.set(String(port), resolve));
    const socket = Promise.race([ready, this.#broken]).then(() => `/proc/self/fd/${this.#directory}/${port}.sock`);
    this.#sockets.set(port, socket);
    this.#process.stdin?.write(`${port}\n`);
    return socket;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
    closeQuietly(this.#directory);
  }
}
