import { displayPath, type ImagePath, ROOT, toImagePath } from '../rootfs/path.ts';
import { unsupported } from './entry-type.ts';
import { encodeHeader, type NewHeader } from './header.ts';
import type { DirectoryMetadata } from './layer-paths.ts';
import { encodePax, type PaxRecords } from './pax.ts';
import type { TarRecord } from './records.ts';

/**
 * PAX records that do not get through: overlayfs' own attributes would let a layer redirect or hide what it likes,
 * SELinux labels belong to the host that made the layer, dump directories and volumes drive GNU tar.
 */
const DROPPED_RECORD = /^(?:SCHILY\.xattr\.(?:trusted\.|security\.selinux$)|RHT\.security\.selinux$|GNU\.(?!sparse\.))/;

/** What a directory is like that no layer has an entry for. */
export const MADE_UP: DirectoryMetadata = { mode: 0o755, uid: 0, gid: 0, mtimeSeconds: 0, pax: new Map() };

export interface EntryBlocks {
  /** What is to be written before the entry's body. */
  readonly blocks: readonly Buffer[];
  /** Keys of PAX records that were left out. */
  readonly dropped: readonly string[];
}

/**
 * The header blocks of an entry at a path, as a hard link to a target when there is one: byte for byte as they came, or
 * the entry's own header behind records that overrule what has to change. Fails with LAYER_UNSUPPORTED.
 */
export function entryBlocks(record: TarRecord, path: ImagePath, linkTarget?: ImagePath): EntryBlocks {
  const dropped = [...record.pax.keys()].filter((key) => DROPPED_RECORD.test(key));
  const isMoved = path !== toImagePath(record.name);
  const isRetargeted = linkTarget !== undefined && linkTarget !== toImagePath(record.linkName);
  if (dropped.length === 0 && !isMoved && !isRetargeted) return { blocks: record.blocks, dropped };
  if (record.pax.has('GNU.sparse.offset')) {
    throw unsupported(`tar entry ${displayPath(record.name)} is a sparse file of an outdated kind`);
  }
  const records = keptRecords(record.pax);
  records.set(record.pax.has('GNU.sparse.name') ? 'GNU.sparse.name' : 'path', nameBytes(path, record.name));
  const link = linkTarget?.slice(1) ?? record.linkName;
  if (link !== '') records.set('linkpath', Buffer.from(link, 'latin1'));
  return { blocks: [encodePax(records), ...record.ownBlocks], dropped };
}

/** The records of an entry that get through. */
export function keptRecords(pax: PaxRecords): Map<string, Buffer> {
  return new Map([...pax].filter(([key]) => !DROPPED_RECORD.test(key)));
}

/** The blocks of a directory's entry. */
export function directoryBlocks(path: ImagePath, { pax, ...metadata }: DirectoryMetadata): Buffer {
  return namedBlocks(new Map(pax), { ...metadata, name: `${relativeName(path)}/`, typeflag: '5' });
}

/** The blocks of the character device that is a whiteout to overlayfs. */
export function whiteoutBlocks(path: ImagePath): Buffer {
  return namedBlocks(new Map(), { name: relativeName(path), typeflag: '3', mode: 0 });
}

/** The header block holds up to 100 bytes of a name, a record any number. */
function namedBlocks(records: Map<string, Buffer>, header: NewHeader): Buffer {
  records.delete('path');
  if (header.name.length > 100) records.set('path', Buffer.from(header.name, 'latin1'));
  return records.size === 0 ? encodeHeader(header) : Buffer.concat([encodePax(records), encodeHeader(header)]);
}

function nameBytes(path: ImagePath, name: string): Buffer {
  return Buffer.from(name.endsWith('/') ? `${relativeName(path)}/` : relativeName(path), 'latin1');
}

function relativeName(path: ImagePath): string {
  return path === ROOT ? '.' : path.slice(1);
}
