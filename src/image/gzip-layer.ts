import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createFile, temporaryBeside, writeFailed } from './atomic-file.ts';
import { verified } from './digest.ts';
import type { DiffId, Digest } from './types.ts';

/** Compresses layers one after another; what was made is removed by the disposal, or when one fails. */
export async function gzippedLayers(
  layers: readonly PlainLayer[],
  destination: string,
  options: { signal: AbortSignal },
): Promise<AsyncDisposable & { readonly layers: readonly GzippedLayer[] }> {
  const done: GzippedLayer[] = [];
  const dispose = async () => {
    await Promise.all(done.map((layer) => layer[Symbol.asyncDispose]()));
  };
  try {
    for (const layer of layers) done.push(await gzippedLayer(layer, destination, options));
    return { layers: done, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A compressed layer in a temporary file, removed by its disposal. */
export interface GzippedLayer extends AsyncDisposable {
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

interface PlainLayer {
  readonly path: string;
  readonly diffId: DiffId;
  readonly sizeBytes: number;
}

const LEVEL = 6;
/** "Unknown" in the header's field for the operating system, which would differ between hosts. Source: RFC 1952. */
const UNKNOWN_OS = 255;

/** Compresses a layer beside `destination`, on the same file system. Same layer and zlib, same bytes. */
async function gzippedLayer(
  layer: PlainLayer,
  destination: string,
  { signal }: { signal: AbortSignal },
): Promise<GzippedLayer> {
  const path = temporaryBeside(destination);
  const hash = createHash('sha256');
  const stored = createReadStream(layer.path, { highWaterMark: 1 << 20 });
  const tar = verified(stored, { subject: 'the slim layer', digest: layer.diffId, sizeBytes: layer.sizeBytes });
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of withUnknownOs(chunks)) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(tar, createGzip({ level: LEVEL, chunkSize: 256 * 1024 }), hashed, await createFile(path), {
      signal,
    });
    const { size } = await stat(path);
    return {
      path,
      digest: `sha256:${hash.digest('hex')}`,
      sizeBytes: size,
      [Symbol.asyncDispose]: () => rm(path, { force: true }),
    };
  } catch (error) {
    await rm(path, { force: true });
    signal.throwIfAborted();
    throw writeFailed(destination, error);
  }
}

async function* withUnknownOs(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) chunk[9] = UNKNOWN_OS;
    isFirst = false;
    yield chunk;
  }
}
