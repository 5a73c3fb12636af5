import { Readable } from 'node:stream';
import { BLOCK, encodeHeader, type NewHeader, paddingOf } from '../../src/tar/header.ts';
import { encodePax } from '../../src/tar/pax.ts';
import { readRecords, type TarRecord } from '../../src/tar/records.ts';
import { StreamSource } from '../../src/tar/source.ts';

/** An entry to be put into a test's archive; strings are byte strings. */
export type TestEntry = Partial<NewHeader> & {
  readonly name: string;
  readonly body?: string;
  readonly pax?: Readonly<Record<string, string>>;
};

/** An archive with exactly these entries, sane or not. */
export function tarBytes(entries: readonly TestEntry[], end = Buffer.alloc(2 * BLOCK)): Buffer {
  return Buffer.concat([...entries.map(entryBytes), end]);
}

export function entryBytes({ body = '', pax, ...header }: TestEntry): Buffer {
  const bytes = Buffer.from(body, 'latin1');
  return Buffer.concat([
    ...(pax ? [encodePax(new Map(Object.entries(pax).map(([key, text]) => [key, Buffer.from(text, 'latin1')])))] : []),
    encodeHeader({ typeflag: '0', sizeBytes: bytes.length, ...header }),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ]);
}

/** Cuts bytes into chunks of one size, as a stream might. */
export function streamOf(bytes: Buffer, chunkBytes = 65_536): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  return Readable.from(chunks);
}

/** Every record with its body read. */
export async function recordsOf(bytes: Buffer, chunkBytes?: number): Promise<(TarRecord & { bodyBytes: Buffer })[]> {
  const found: (TarRecord & { bodyBytes: Buffer })[] = [];
  for await (const record of readRecords(new StreamSource(streamOf(bytes, chunkBytes)))) {
    found.push({ ...record, bodyBytes: await collect(record.body()) });
  }
  return found;
}

export async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
