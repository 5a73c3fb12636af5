import type { FileHandle } from 'node:fs/promises';
import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { TraceSlimError } from '../errors.ts';
import { invalid } from '../tar/header.ts';

/** Bound of every JSON document of an image. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** The files of an image as a folder or an archive holds them, by name (relative, `/` between components). */
export interface ImageFiles extends AsyncDisposable {
  /** Size of a file; undefined when there is no such file. */
  sizeOf(name: string): Promise<number | undefined>;
  /** A file's bytes. Fails with IMAGE_INVALID when there is no such file. */
  open(name: string): AsyncGenerator<Buffer>;
}

/** A whole file of bounded size. Fails with IMAGE_INVALID when it is missing or too large. */
export async function readWhole(files: ImageFiles, name: string): Promise<Buffer> {
  const sizeBytes = await files.sizeOf(name);
  if (sizeBytes === undefined) throw missing(name);
  if (sizeBytes > MAX_JSON_BYTES) throw invalid(`${name} is larger than ${MAX_JSON_BYTES} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of files.open(name)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The files of a folder. Only names made by this program or checked as digests may be asked for. */
export function filesOfDirectory(directory: string): ImageFiles {
  return {
    sizeOf: async (name) => {
      const file = await openRegular(join(directory, name));
      if (!file) return undefined;
      await file.handle.close();
      return file.sizeBytes;
    },
    async *open(name) {
      const file = await openRegular(join(directory, name));
      if (!file) throw missing(name);
      try {
        yield* readRange(file.handle, 0, file.sizeBytes);
      } finally {
        await file.handle.close();
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Bytes of an open file, independent of its position. Fails with IMAGE_INVALID when the file is shorter. */
export async function* readRange(file: FileHandle, offset: number, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, length - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + at);
    if (bytesRead === 0) throw invalid('the archive became shorter while it was read');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

export function missing(name: string): TraceSlimError {
  return invalid(`the image archive has no ${name}`);
}

/** `O_NONBLOCK` so that a FIFO in a folder cannot hang the program. */
async function openRegular(path: string): Promise<{ handle: FileHandle; sizeBytes: number } | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(notFound);
  if (!handle) return undefined;
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, sizeBytes: stats.size };
  await handle.close();
  return undefined;
}

function notFound(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  if (error.code === 'EACCES') {
    throw new TraceSlimError('PERMISSION_DENIED', `cannot read ${error.path}`, {
      hint: 'Run as a user who may read the image.',
      cause: error,
    });
  }
  throw error;
}
