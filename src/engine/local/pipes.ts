import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { runCommand } from './command.ts';

/** The end a container's process writes to, and what it wrote. */
export interface OutputPipe {
  /** For the `stdio` of a child process; to be closed here once the child has it. */
  readonly writeFd: number;
  readonly stream: Socket;
}

/**
 * Makes named pipes for the output of a container's process. Node's own child-process pipes are sockets, which cannot be
 * opened through /dev/stdout as many images do.
 */
export async function openOutputPipes(directory: string, names: readonly string[]): Promise<OutputPipe[]> {
  const paths = names.map((name) => join(directory, name));
  await runCommand('mkfifo', ['-m', '600', ...paths], { doing: 'creating pipes' });
  return paths.map((path) => {
    const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeFd = openSync(path, constants.O_WRONLY);
    rmSync(path);
    return { writeFd, stream: new Socket({ fd: readFd, readable: true, writable: false }) };
  });
}

/** Collects what arrives on several pipes, each bounded; the order across them is that of arrival. */
export class OutputCollector {
  readonly #parts: { pipe: number; data: Buffer }[] = [];
  readonly #sizes: number[] = [];
  readonly #maxBytes: number;
  truncated = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Reads a pipe until every writer has closed it. */
  collect(pipe: number, stream: Socket): Promise<void> {
    return new Promise((resolve) => {
      stream.on('data', (data: Buffer) => this.#add(pipe, data));
      stream.once('error', () => resolve());
      stream.once('close', () => resolve());
    });
  }

  of(pipe: number): Buffer {
    return Buffer.concat(this.#parts.filter((part) => part.pipe === pipe).map((part) => part.data));
  }

  /** The last bytes of everything, as text. */
  tail(maxBytes: number): string {
    return Buffer.concat(this.#parts.map((part) => part.data))
      .subarray(-maxBytes)
      .toString('utf8');
  }

  #add(pipe: number, data: Buffer): void {
    const size = this.#sizes[pipe] ?? 0;
    const room = this.#maxBytes - size;
    if (data.length > room) this.truncated = true;
    if (room <= 0) return;
    this.#parts.push({ pipe, data: data.subarray(0, room) });
    this.#sizes[pipe] = size + Math.min(data.length, room);
  }
}

export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was closed already.
  }
}
