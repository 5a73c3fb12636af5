import { Decompress } from 'fzstd';
import { invalid } from '../tar/header.ts';
import { StreamSource } from '../tar/source.ts';

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** What `zstd -d` itself takes without `--long`; a frame asking for more would cost as much memory. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/**
 * Decompresses any number of zstd frames, skippable ones included. Frames are delimited here and decoded one by one,
 * because the decoder neither takes a skippable frame in the middle nor tells a truncated input from a whole one.
 * Content checksums are not compared: whoever reads an image compares digests.
 * Fails with IMAGE_INVALID for broken or truncated input. Source: RFC 8878.
 */
export async function* decompressZstd(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = new StreamSource(bytes);
  for (;;) {
    const magic = await source.read(4);
    if (magic.length === 0) return;
    const kind = magic.length === 4 ? magic.readUInt32LE() : 0;
    if (kind === FRAME_MAGIC) yield* decodeFrame(source, magic);
    else if ((kind & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC)
      await source.skip((await exactly(source, 4)).readUInt32LE());
    else throw invalid('zstd data has something that is no frame');
  }
}

async function* decodeFrame(source: StreamSource, magic: Buffer): AsyncGenerator<Buffer> {
  const output: Buffer[] = [];
  const decoder = new Decompress((part) => {
    if (part.length > 0) output.push(Buffer.from(part.buffer, part.byteOffset, part.length));
  });
  const { header, hasChecksum } = await readFrameHeader(source);
  let blockHeader = await exactly(source, BLOCK_HEADER_BYTES);
  let start = [magic, header, blockHeader];
  for (let isLast = false; !isLast; ) {
    const bits = blockHeader.readUIntLE(0, BLOCK_HEADER_BYTES);
    isLast = (bits & 1) === 1;
    const isRunLength = ((bits >> 1) & 3) === 1;
    const block = await exactly(source, isRunLength ? 1 : bits >> 3);
    // The next block's header goes along: the decoder never lets go of input that it has used up to the last byte.
    const next = await exactly(source, isLast ? (hasChecksum ? CHECKSUM_BYTES : 0) : BLOCK_HEADER_BYTES);
    decode(decoder, Buffer.concat([...start, block, next]), isLast);
    start = [];
    blockHeader = next;
    yield* output.splice(0);
  }
}

async function readFrameHeader(source: StreamSource): Promise<{ header: Buffer; hasChecksum: boolean }> {
  const descriptor = (await exactly(source, 1))[0] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const rest = await exactly(source, windowBytes + dictionaryBytes + contentSizeBytes);
  const window = isSingleSegment ? contentSize(rest.subarray(dictionaryBytes)) : windowSize(rest[0] as number);
  if (dictionaryBytes > 0) throw invalid('zstd data needs a dictionary');
  if (window > MAX_WINDOW_BYTES) throw invalid('zstd data needs a window of more than 128 MiB');
  return { header: Buffer.concat([Buffer.of(descriptor), rest]), hasChecksum: (descriptor & 4) !== 0 };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}

function decode(decoder: Decompress, input: Buffer, isLast: boolean): void {
  try {
    decoder.push(input, false);
    if (isLast) decoder.push(new Uint8Array(0), true);
  } catch (error) {
    throw invalid('zstd data is broken', error);
  }
}

async function exactly(source: StreamSource, length: number): Promise<Buffer> {
  const bytes = await source.read(length);
  if (bytes.length < length) throw invalid('zstd data is truncated');
  return bytes;
}
