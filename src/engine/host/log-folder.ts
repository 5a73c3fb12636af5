import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { TraceSlimError } from '../../errors.ts';

/** The trace logs of one container, wherever they are. Names that begin with a dot are not shown. */
export interface LogFolder {
  names(): Promise<string[]>;
  /** Bytes; 0 when there is no such log. */
  size(name: string): Promise<number>;
  open(name: string): Readable;
}

/** Makes a folder of this host in which a container's processes, of any user, leave their logs. */
export async function createHostLogs(path: string): Promise<LogFolder> {
  await mkdir(path);
  await chmod(path, 0o1777);
  return hostLogs(path);
}

/** Logs in a folder of this host. The container's processes own it, so anything but a regular file in it is refused. */
export function hostLogs(folder: string): LogFolder {
  return {
    async names() {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.flatMap((entry) => (entry.isFile() && !entry.name.startsWith('.') ? entry.name : [])).sort();
    },
    async size(name) {
      const facts = await lstat(join(folder, name)).catch(() => undefined);
      return facts?.isFile() ? facts.size : 0;
    },
    open(name) {
      try {
        return createReadStream('', { fd: openRegularFile(join(folder, name)), highWaterMark: 1 << 18 });
      } catch (cause) {
        const error = new TraceSlimError('TRACE_INCOMPLETE', `the trace log ${name} cannot be read`, { cause });
        return new Readable({ read: () => {} }).destroy(error);
      }
    },
  };
}

function openRegularFile(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is no regular file`);
}
