import { spawn } from 'node:child_process';
import { constants, createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { TraceSlimError } from '../../errors.ts';
import { createFile } from '../../image/atomic-file.ts';
import { FIND_FORMAT, parseListing } from '../../rootfs/listing.ts';
import type { ImagePath } from '../../rootfs/path.ts';
import { displayPath } from '../../rootfs/path.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { RootFsIndex } from '../../rootfs/rootfs-index.ts';
import { commandFailed, hostPath } from './command.ts';

/**
 * The root file system mounted at a folder. Its listing is kept in `cacheFile` when one is given: listing tens of thousands
 * of entries costs more than anything else that is done with an image whose layers are unpacked.
 */
export async function readMountedRootFs(
  mount: string,
  cacheFile: string | undefined,
  options: { signal: AbortSignal },
): Promise<RootFs> {
  if (cacheFile === undefined) {
    const find = listFiles(mount, options);
    const index = await parseListing(find.stdout);
    await find.succeeded;
    return readable(index, mount);
  }
  const isCached = await stat(cacheFile).then(
    () => true,
    () => false,
  );
  if (!isCached) await writeListing(mount, cacheFile, options);
  return readable(await parseListing(createReadStream(cacheFile, { highWaterMark: 1 << 20 })), mount);
}

function readable(index: RootFsIndex, mount: string): RootFs {
  return Object.assign(index, {
    read: (path: ImagePath, offset: number, length: number) => readRange(mount, path, offset, length),
  });
}

async function writeListing(mount: string, cacheFile: string, options: { signal: AbortSignal }): Promise<void> {
  const unfinished = `${cacheFile}.new-${process.pid}`;
  try {
    const file = await createFile(unfinished);
    // Read from at once: what a child process has printed is thrown away when it ends before anybody reads.
    const find = listFiles(mount, options);
    await pipeline(find.stdout, file, { signal: options.signal });
    await find.succeeded;
    await rename(unfinished, cacheFile);
  } finally {
    await rm(unfinished, { force: true });
  }
}

function listFiles(mount: string, options: { signal: AbortSignal }) {
  const find = spawn('find', [mount, '-xdev', '-printf', FIND_FORMAT], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LC_ALL: 'C', PATH: hostPath() },
    detached: true,
    signal: options.signal,
  });
  const complaints = text(find.stderr).catch(() => '');
  const succeeded = new Promise<void>((resolve, reject) => {
    find.once('error', (error: NodeJS.ErrnoException) =>
      reject(commandFailed('find', error.code, '', 'listing the image')),
    );
    find.once('close', (status) => {
      if (status === 0) resolve();
      else void complaints.then((stderr) => reject(commandFailed('find', undefined, stderr, 'listing the image')));
    });
  });
  succeeded.catch(() => {});
  return { stdout: find.stdout, succeeded };
}

/** `path` has no link on its way, as its contract says, so nothing outside of the mount can be reached. */
async function readRange(mount: string, path: ImagePath, offset: number, length: number): Promise<Buffer> {
  // Offsets may come from the image's own files; nothing is stored beyond what a double can count.
  if (!Number.isSafeInteger(offset) || length <= 0) return Buffer.alloc(0);
  const file = Buffer.from(`${mount}${path}`, 'latin1');
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) {
      throw new TraceSlimError('IMAGE_INVALID', `${displayPath(path)} is no regular file`);
    }
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
