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

/** A named pipe that nobody writes to, and whose reader never sees its end because it holds the other end too. */
export async function openIdleInput(path: string): Promise<number> {
  await runCommand('mkfifo', ['-m', '600', path], { doing: 'creating pipes' });
  const fd = openSync(path, constants.O_RDWR);
  rmSync(path);
  return fd;
}

export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was closed already.
  }
}
