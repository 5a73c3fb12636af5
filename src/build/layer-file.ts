import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errnoOf, TraceSlimError } from '../errors.ts';
import type { DiffId, Layer } from '../image/types.ts';
import type { ImagePath } from '../rootfs/path.ts';
import { editPermissions, type Permissions } from '../tar/edit-permissions.ts';

/** A layer tar on disk. Removed by its disposal. */
export interface LayerFile extends AsyncDisposable {
  readonly path: string;
  readonly diffId: DiffId;
  readonly sizeBytes: number;
  /** Number of the fat image's layer that this one was made from, when it comes from a single one. */
  readonly original?: number;
}

export interface WriteOptions {
  /** Owners and modes that paths get instead of those in the tar. */
  readonly permissions?: ReadonlyMap<ImagePath, Permissions>;
  readonly signal: AbortSignal;
}

/** Writes a layer tar to a file, hashing on the way. Errors: DISK_FULL, and what the stream fails with. */
export async function writeLayerFile(tar: Readable, file: string, options: WriteOptions): Promise<LayerFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const remove = () => rm(file, { force: true });
  try {
    const edited = options.permissions ? editPermissions(tar, options.permissions) : tar;
    await pipeline(edited, hashing, createWriteStream(file, { mode: 0o600 }), { signal: options.signal });
  } catch (cause) {
    await remove();
    if (errnoOf(cause) !== 'ENOSPC') throw cause;
    throw new TraceSlimError('DISK_FULL', `no space left for the slim layer at ${file}`, {
      hint: 'Free some space, or point TMPDIR at a larger disk.',
      cause,
    });
  }
  return { path: file, diffId: `sha256:${hash.digest('hex')}`, sizeBytes, [Symbol.asyncDispose]: remove };
}

/** The file as a layer of an image that can be opened. Its bytes were hashed when it was written. */
export function layerOf(file: LayerFile): Layer {
  return {
    diffId: file.diffId,
    sizeBytes: file.sizeBytes,
    tarSizeBytes: file.sizeBytes,
    open: () => createReadStream(file.path, { highWaterMark: 1 << 18 }),
  };
}

/** Removes the files of layers. */
export async function removeLayers(layers: readonly LayerFile[]): Promise<void> {
  await Promise.all(layers.map((layer) => layer[Symbol.asyncDispose]()));
}
