import { displayPath, type ImagePath, ROOT } from '../rootfs/path.ts';
import { directoryBlocks, entryBlocks, keptRecords, MADE_UP, whiteoutBlocks } from './entry-blocks.ts';
import { entryTypeOf, isWhiteoutDevice } from './entry-type.ts';
import { invalid } from './header.ts';
import { type DirectoryMetadata, LayerPaths, whiteoutOf } from './layer-paths.ts';
import type { TarRecord } from './records.ts';

const MAX_NOTES = 100;
const OPAQUE_KEY = 'SCHILY.xattr.trusted.overlay.opaque';
const OPAQUE_RECORD = [OPAQUE_KEY, Buffer.from('y')] as const;

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
        yield directoryEntry(path, placed.metadata ?? MADE_UP, isOpaque);
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
    return [directoryEntry(path, metadata, true)];
  }

  private isOpaque(path: ImagePath): boolean {
    return path !== ROOT && (this.opaque.has(path) || this.hidden.has(path));
  }

  private blocksFor(record: TarRecord, path: ImagePath, linkTarget?: ImagePath): readonly Buffer[] {
    const { blocks, dropped } = entryBlocks(record, path, linkTarget);
    if (dropped.length > 0) this.note(`left out ${dropped.map(displayPath).join(', ')} of ${displayPath(path)}`);
    return blocks;
  }

  private noteImplicit(path: ImagePath, isOpaque: boolean): void {
    this.implicit.push(path);
    if (isOpaque) this.note(`made up ${displayPath(path)}: opaque, but without an entry of its own`);
  }

  private note(text: string): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(text);
  }
}

/** Copies: a view of the stream's buffer would keep all of it. */
function metadataOf({ header, pax }: TarRecord): DirectoryMetadata {
  const { mode, uid, gid, mtimeSeconds } = header;
  const copied = new Map([...keptRecords(pax)].map(([key, value]) => [key, Buffer.from(value)]));
  return { mode, uid, gid, mtimeSeconds, pax: copied.size === 0 ? MADE_UP.pax : copied };
}

function directoryEntry(path: ImagePath, metadata: DirectoryMetadata, isOpaque: boolean): Buffer {
  const pax = isOpaque ? new Map([...metadata.pax, OPAQUE_RECORD]) : metadata.pax;
  return directoryBlocks(path, { ...metadata, pax });
}
