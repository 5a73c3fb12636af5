import { Readable } from 'node:stream';
import type { ImagePath } from '../rootfs/path.ts';
import { coalesce } from './coalesce.ts';
import { directoryBlocks, entryBlocks, MADE_UP } from './entry-blocks.ts';
import { BLOCK } from './header.ts';
import { readRecords } from './records.ts';
import { StreamSource } from './source.ts';

/** What of a layer is copied. */
export interface LayerSelection {
  /** By the number of the record: the path it is copied to, and for a hard link the name it is linked to. */
  readonly records: ReadonlyMap<number, { readonly path: ImagePath; readonly linkTarget?: ImagePath }>;
  /** Directories that no layer has an entry for. */
  readonly madeUp: readonly ImagePath[];
}

/**
 * The tar of a layer with only the selected records in it, each bit for bit as it came unless its name has to change.
 * The stream fails with what the layer's stream fails with; nothing read from it may be trusted before it has ended.
 */
export function filterLayer(layer: Readable, selection: LayerSelection): Readable {
  const filtered = Readable.from(coalesce(select(new StreamSource(layer), selection)), { objectMode: false });
  filtered.once('close', () => layer.destroy());
  return filtered;
}

async function* select(source: StreamSource, { records, madeUp }: LayerSelection): AsyncGenerator<Buffer> {
  let number = 0;
  for await (const record of readRecords(source)) {
    const selected = records.get(number++);
    if (!selected) continue;
    yield* entryBlocks(record, selected.path, selected.linkTarget).blocks;
    if (record.sizeBytes > 0) yield* record.body();
  }
  for (const path of madeUp) yield directoryBlocks(path, MADE_UP);
  yield Buffer.alloc(2 * BLOCK);
  // What the layer's stream verifies it verifies at its end.
  while ((await source.readSome(Number.MAX_SAFE_INTEGER)).length > 0);
}
