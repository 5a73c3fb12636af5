import { Readable } from 'node:stream';
import { type ImagePath, toImagePath } from '../rootfs/path.ts';
import { coalesce } from './coalesce.ts';
import { BLOCK, patchHeader } from './header.ts';
import { encodePax } from './pax.ts';
import { readRecords, type TarRecord } from './records.ts';
import { StreamSource } from './source.ts';

/** What a path is given; what is absent stays. */
export interface Permissions {
  /** 0 to 0o7777. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** PAX records and the key of {@link Permissions} that overrules them. */
const OVERRULED: Readonly<Record<string, keyof Permissions>> = { uid: 'uid', uname: 'uid', gid: 'gid', gname: 'gid' };

/**
 * The tar of a layer with other owners and modes for some paths; everything else of it passes byte for byte. All names of
 * a hard-linked file should be among them. The stream fails with what the layer's stream fails with.
 */
export function editPermissions(layer: Readable, edits: ReadonlyMap<ImagePath, Permissions>): Readable {
  if (edits.size === 0) return layer;
  const edited = Readable.from(coalesce(edit(new StreamSource(layer), edits)), { objectMode: false });
  edited.once('close', () => layer.destroy());
  return edited;
}

async function* edit(source: StreamSource, edits: ReadonlyMap<ImagePath, Permissions>): AsyncGenerator<Buffer> {
  for await (const record of readRecords(source)) {
    const permissions = record.header.typeflag === '2' ? undefined : edits.get(toImagePath(record.name));
    yield* permissions ? editedBlocks(record, permissions) : record.blocks;
    if (record.sizeBytes > 0) yield* record.body();
  }
  yield Buffer.alloc(2 * BLOCK);
  // What the layer's stream verifies it verifies at its end.
  while ((await source.readSome(Number.MAX_SAFE_INTEGER)).length > 0);
}

function editedBlocks(record: TarRecord, permissions: Permissions): Buffer[] {
  const { pax, blocks, ownBlocks } = record;
  const [header, ...sparseMap] = ownBlocks as [Buffer, ...Buffer[]];
  const own = [patchHeader(header, permissions), ...sparseMap];
  const kept = new Map([...pax].filter(([key]) => !isOverruled(key, permissions)));
  if (kept.size === pax.size) return [...blocks.slice(0, -ownBlocks.length), ...own];
  // Names from GNU headers, which are not among the records.
  if (record.name !== record.header.name) kept.set('path', Buffer.from(record.name, 'latin1'));
  if (record.linkName !== record.header.linkName) kept.set('linkpath', Buffer.from(record.linkName, 'latin1'));
  return kept.size === 0 ? own : [encodePax(kept), ...own];
}

function isOverruled(key: string, permissions: Permissions): boolean {
  const by = OVERRULED[key];
  return by !== undefined && permissions[by] !== undefined;
}
