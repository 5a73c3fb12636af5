import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { invalid } from '../tar/header.ts';
import { StreamSource } from '../tar/source.ts';
import { decompressZstd } from './zstd-frames.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

/** The compression that the first bytes (four suffice) of some data show. */
export function detectCompression(start: Buffer): Compression {
  if (start.length >= 2 && start.readUInt16BE() === 0x1f8b) return 'gzip';
  if (start.length < 4) return 'none';
  const magic = start.readUInt32LE();
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : 'none';
}

/**
 * Decompresses by content, whatever a media type says: gzip (several members too), zstd (several frames, skippable
 * ones), or plain bytes passed through. The input is read to its end before the output ends.
 * Fails with IMAGE_INVALID for broken or truncated data.
 */
export async function* decompress(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = new StreamSource(bytes);
  try {
    const start = await source.read(4);
    yield* DECODERS[detectCompression(start)](withStart(start, source));
  } finally {
    await source.close();
  }
}

const DECODERS = {
  gzip: decompressGzip,
  zstd: decompressZstd,
  none: (bytes: AsyncGenerator<Buffer>) => bytes,
} as const satisfies Record<Compression, (bytes: AsyncGenerator<Buffer>) => AsyncGenerator<Buffer>>;

async function* withStart(start: Buffer, source: StreamSource): AsyncGenerator<Buffer> {
  let chunk = start;
  while (chunk.length > 0) {
    yield chunk;
    chunk = await source.readSome(Number.MAX_SAFE_INTEGER);
  }
}

async function* decompressGzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const done = pipeline(bytes, gunzip);
  // Its failure is seen by the loop below, or by the last line.
  done.catch(() => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
    await done;
  } catch (error) {
    throw isZlibError(error) ? invalid('gzip data is broken or truncated', error) : error;
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z_/.test(String(error.code));
}
