import { TraceSlimError } from '../errors.ts';
import { displayPath, type ImagePath, ROOT, toImagePath } from '../rootfs/path.ts';
import { encodeHeader, invalid, type NewHeader } from './header.ts';
import { type DirectoryMetadata, LayerPaths, whiteoutOf } from './layer-paths.ts';
import { encodePax, type PaxRecords } from './pax.ts';
import type { TarRecord } from './records.ts';

const MAX_NOTES = 100;
const OPAQUE_KEY = 'SCHILY.xattr.trusted.overlay.opaque';
const OPAQUE_RECORD = [OPAQUE_KEY, Buffer.from('y')] as const;

/**
 * PAX records that do not get through: overlayfs' own attributes would let a layer redirect or hide what it likes,
 * SELinux labels belong to the host that made the layer, dump directories and volumes drive GNU tar.
 */
const DROPPED_RECORD = /^(?:SCHILY\.xattr\.(?:trusted\.|security\.selinux$)|RHT\.security\.selinux$|GNU\.(?!sparse\.))/;

const MADE_UP: DirectoryMetadata = { mode: 0o755, uid: 0, gid: 0, mtimeSeconds: 0, pax: new Map() };

export interface OverlayLayerResult {
  /** Entries of the layer that were passed on; whiteouts not counted. */
  readonly entryCount: number;
  /** Directories without an entry of their own, parents first. They are passed on as root's, mode 0755, mtime 0. */
  readonly implicitDirectories: readonly ImagePath[];
  /** Directories that hide what lower layers have in them, the root apart. */
  readonly opaqueDirectories: readonly ImagePath[];
  /** The layer hides everything below it. Overlayfs has no mark for that on a root: leave the lower layers out. */
  readonly isRootOpaque: boolean;
  /** What was left out or made up, for `-v`. Bounded. */
  readonly notes: readonly string[];
}

/** Decides entry by entry what of a layer is passed on, and what has to be added at its end. */
export class OverlayEntries {
  private readonly paths = new LayerPaths();
  private readonly hidden = new Set<ImagePath>();
  private readonly opaque = new Set<ImagePath>();
  /** Directories whose own entry was passed on with the opaque mark. */
  private readonly marked = new Set<ImagePath>();
  private readonly implicit: ImagePath[] = [];
  private readonly closedOpaque: ImagePath[] = [];
  private readonly notes: string[] = [];
  private entryCount = 0;

  /** The blocks to pass on before the entry's body; undefined when the entry is left out. */
  admit(record: TarRecord): readonly Buffer[] | undefined {
    const path = this.paths.locate(record.name);
    const whiteout = whiteoutOf(path);
    if (whiteout.kind !== 'none') {
      if (whiteout.kind === 'hide') this.hidden.add(whiteout.path);
      else if (whiteout.kind === 'opaque') this.opaque.add(whiteout.path);
      else this.note(`left out ${displayPath(path)}: a name of AUFS`);
      return undefined;
    }
    if (isWhiteoutDevice(record)) {
      this.note(`left out ${displayPath(path)}: a device that overlayfs takes for a whiteout`);
      return undefined;
    }
    this.entryCount += 1;
    const type = entryTypeOf(record);
    if (type === 'directory') return this.placeDirectory(record, path);
    if (type === 'hardLink') return this.placeHardLink(record, path);
    this.paths.place(path, type === 'symlink' ? { kind: type, target: record.linkName } : { kind: 'other' });
    return this.blocksFor(record, path);
  }

  /** What can only be told once the whole layer was seen, as it may itself have made what a whiteout names. */
  *closing(): Generator<Buffer> {
    const devices: ImagePath[] = [];
    for (const path of this.hidden) if (!this.paths.get(path)) devices.push(path);
    for (const [path, placed] of this.paths.entries()) {
      if (placed.kind !== 'directory') continue;
      const isOpaque = this.isOpaque(path);
      if (isOpaque) this.closedOpaque.push(path);
      if (!placed.metadata) this.noteImplicit(path, isOpaque);
      if (!placed.metadata || (isOpaque && !this.marked.has(path))) {
        yield directoryBlocks(path, placed.metadata ?? MADE_UP, isOpaque);
      }
    }
    for (const path of devices) yield whiteoutBlocks(path);
  }

  result(): OverlayLayerResult {
    return {
      entryCount: this.entryCount,
      implicitDirectories: this.implicit,
      opaqueDirectories: this.closedOpaque,
      isRootOpaque: this.opaque.has(ROOT),
      notes: this.notes,
    };
  }

  private placeHardLink(record: TarRecord, path: ImagePath): readonly Buffer[] {
    const target = this.paths.locate(record.linkName);
    const placed = this.paths.get(target);
    if (!placed || placed.kind === 'directory' || target === path) {
      throw invalid(
        `tar entry ${displayPath(record.name)} is a hard link to ${displayPath(target)}, no file before it`,
      );
    }
    this.paths.place(path, placed);
    return this.blocksFor(record, path, target);
  }

  private placeDirectory(record: TarRecord, path: ImagePath): readonly Buffer[] {
    if (record.sizeBytes > 0) throw invalid(`tar entry ${displayPath(record.name)} is a directory with a size`);
    const metadata = metadataOf(record);
    this.paths.place(path, { kind: 'directory', metadata });
    if (!this.isOpaque(path)) return this.blocksFor(record, path);
    this.marked.add(path);
    return [directoryBlocks(path, metadata, true)];
  }

  private isOpaque(path: ImagePath): boolean {
    return path !== ROOT && (this.opaque.has(path) || this.hidden.has(path));
  }

  /** The entry as it came, or its own header behind records that overrule what has to change. */
  private blocksFor(record: TarRecord, path: ImagePath, linkTarget?: ImagePath): readonly Buffer[] {
    const dropped = [...record.pax.keys()].filter((key) => DROPPED_RECORD.test(key));
    const isMoved = path !== toImagePath(record.name);
    const isRetargeted = linkTarget !== undefined && linkTarget !== toImagePath(record.linkName);
    if (dropped.length === 0 && !isMoved && !isRetargeted) return record.blocks;
    if (dropped.length > 0) this.note(`left out ${dropped.map(displayPath).join(', ')} of ${displayPath(path)}`);
    if (record.pax.has('GNU.sparse.offset')) {
      throw unsupported(`tar entry ${displayPath(record.name)} is a sparse file of an outdated kind`);
    }
    const records = keptRecords(record.pax);
    records.set(record.pax.has('GNU.sparse.name') ? 'GNU.sparse.name' : 'path', nameBytes(path, record.name));
    const link = linkTarget?.slice(1) ?? record.linkName;
    if (link !== '') records.set('linkpath', Buffer.from(link, 'latin1'));
    return [encodePax(records), ...record.ownBlocks];
  }

  private noteImplicit(path: ImagePath, isOpaque: boolean): void {
    this.implicit.push(path);
    if (isOpaque) this.note(`made up ${displayPath(path)}: opaque, but without an entry of its own`);
  }

  private note(text: string): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(text);
  }
}

type EntryType = 'file' | 'hardLink' | 'symlink' | 'directory';

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '1': 'hardLink',
  '2': 'symlink',
  '3': 'file',
  '4': 'file',
  '5': 'directory',
  '6': 'file',
  '7': 'file',
  S: 'file',
};

/** Old tars write a directory as a file whose name ends in a slash, and GNU tar takes it for one. */
function entryTypeOf({ header, name }: TarRecord): EntryType {
  const type = TYPES[header.typeflag];
  if (!type) throw unsupported(`tar entry ${displayPath(name)} has the unknown type ${displayPath(header.typeflag)}`);
  return '07'.includes(header.typeflag) && name.endsWith('/') ? 'directory' : type;
}

function isWhiteoutDevice({ header }: TarRecord): boolean {
  return header.typeflag === '3' && header.devMajor === 0 && header.devMinor === 0;
}

/** Copies: a view of the stream's buffer would keep all of it. */
function metadataOf({ header, pax }: TarRecord): DirectoryMetadata {
  const { mode, uid, gid, mtimeSeconds } = header;
  const copied = new Map([...keptRecords(pax)].map(([key, value]) => [key, Buffer.from(value)]));
  return { mode, uid, gid, mtimeSeconds, pax: copied.size === 0 ? MADE_UP.pax : copied };
}

function keptRecords(pax: PaxRecords): Map<string, Buffer> {
  return new Map([...pax].filter(([key]) => !DROPPED_RECORD.test(key)));
}

function directoryBlocks(path: ImagePath, { pax, ...metadata }: DirectoryMetadata, isOpaque: boolean): Buffer {
  const name = `${relativeName(path)}/`;
  const records = new Map([...pax, ...(isOpaque ? [OPAQUE_RECORD] : [])]);
  return namedBlocks(records, { ...metadata, name, typeflag: '5' });
}

function whiteoutBlocks(path: ImagePath): Buffer {
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

function unsupported(message: string): TraceSlimError {
  return new TraceSlimError('LAYER_UNSUPPORTED', message, { hint: 'Load the image into Docker and save it again.' });
}
