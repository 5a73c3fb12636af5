import type { Readable } from 'node:stream';
import { type ImagePath, toImagePath } from '../rootfs/path.ts';
import { coalesce } from './coalesce.ts';
import { BLOCK } from './header.ts';
import { readRecords } from './records.ts';
import { StreamSource } from './source.ts';

/** Zeros at an archive's end are filled up to this many blocks, as the archives made on a host are. */
const BLOCKING_FACTOR = 128;

/** A tar with other entries for some paths; everything else of it passes byte for byte. `body` is whole blocks. */
export async function* replaceEntries(
  layer: Readable,
  replacements: ReadonlyMap<ImagePath, { readonly blocks: readonly Buffer[]; readonly body: Buffer }>,
): AsyncGenerator<Buffer> {
  yield* coalesce(replaced(new StreamSource(layer), replacements));
}

async function* replaced(
  source: StreamSource,
  replacements: ReadonlyMap<ImagePath, { readonly blocks: readonly Buffer[]; readonly body: Buffer }>,
): AsyncGenerator<Buffer> {
  let blocks = 0;
  const counted = (buffer: Buffer) => {
    blocks += buffer.length / BLOCK;
    return buffer;
  };
  for await (const record of readRecords(source)) {
    const replacement = replacements.get(toImagePath(record.name));
    for (const block of replacement?.blocks ?? record.blocks) yield counted(block);
    if (replacement) yield counted(replacement.body);
    else if (record.sizeBytes > 0) for await (const part of record.body()) yield counted(part);
  }
  const whole = Math.ceil((blocks + 2) / BLOCKING_FACTOR) * BLOCKING_FACTOR;
  yield Buffer.alloc(Math.round(whole - blocks) * BLOCK);
  while ((await source.readSome(Number.MAX_SAFE_INTEGER)).length > 0);
}
