import type { Readable } from 'node:stream';
import { displayPath, type ImagePath, parentOf, ROOT } from '../rootfs/path.ts';
import { entryTypeOf, isWhiteoutDevice } from './entry-type.ts';
import { invalid } from './header.ts';
import { LayerPaths, whiteoutOf } from './layer-paths.ts';
import { readRecords, type TarRecord } from './records.ts';
import { StreamSource } from './source.ts';

/** Where in a layer's tar a path comes from. Records are numbered from 0. */
export interface Placement {
  readonly kind: 'directory' | 'other';
  /** The record that counts for the path; undefined for a directory that is only implied by what is in it. */
  readonly record: number | undefined;
  /** The record that brings the file itself: for a hard link that of the name it was linked to. */
  readonly data: number | undefined;
}

/** What a layer puts where, and what of the layers below it hides. */
export interface LayerIndex {
  get(path: ImagePath): Placement | undefined;
  /** Whether nothing that lower layers have at or below this path is seen through this one. */
  hides(path: ImagePath): boolean;
}

/**
 * Reads a layer's tar to its end and remembers what it says of the wanted paths.
 * Fails with IMAGE_INVALID, LAYER_UNSUPPORTED, and with what the stream fails with.
 */
export async function indexLayer(layer: Readable, isWanted: (path: ImagePath) => boolean): Promise<LayerIndex> {
  const reader = new LayerReader();
  try {
    const source = new StreamSource(layer);
    for await (const record of readRecords(source)) reader.read(record);
    // What the layer's stream verifies it verifies at its end.
    while ((await source.readSome(Number.MAX_SAFE_INTEGER)).length > 0);
    return reader.index(isWanted);
  } finally {
    layer.destroy();
  }
}

class LayerReader {
  private readonly paths = new LayerPaths();
  private readonly placements = new Map<ImagePath, Placement>();
  private readonly removed = new Set<ImagePath>();
  private count = 0;

  read(record: TarRecord): void {
    const number = this.count++;
    const path = this.paths.locate(record.name);
    const whiteout = whiteoutOf(path);
    if (whiteout.kind === 'hide' || whiteout.kind === 'opaque') this.removed.add(whiteout.path);
    if (whiteout.kind !== 'none' || isWhiteoutDevice(record)) return;
    const type = entryTypeOf(record);
    if (type === 'directory') {
      this.paths.place(path, { kind: 'directory' });
      this.placements.set(path, { kind: 'directory', record: number, data: undefined });
      return;
    }
    const data = type === 'hardLink' ? this.linkedData(record, path) : number;
    if (type !== 'hardLink') {
      this.paths.place(path, type === 'symlink' ? { kind: type, target: record.linkName } : { kind: 'other' });
    }
    this.placements.set(path, { kind: 'other', record: number, data });
  }

  index(isWanted: (path: ImagePath) => boolean): LayerIndex {
    const placements = new Map<ImagePath, Placement>();
    for (const [path, { kind }] of this.paths.entries()) {
      const placed = this.placements.get(path);
      // Archives leave the root out, and mean nothing by it.
      if (!isWanted(path) || (path === ROOT && !placed)) continue;
      placements.set(
        path,
        placed ?? { kind: kind === 'directory' ? kind : 'other', record: undefined, data: undefined },
      );
    }
    const removed = new Set([...this.removed].filter(isWanted));
    return {
      get: (path) => placements.get(path),
      hides: (path) => removed.has(path) || hasHidingParent(path, placements, removed),
    };
  }

  private linkedData(record: TarRecord, path: ImagePath): number | undefined {
    const target = this.paths.locate(record.linkName);
    const placed = this.paths.get(target);
    if (!placed || placed.kind === 'directory' || target === path) {
      throw invalid(
        `tar entry ${displayPath(record.name)} is a hard link to ${displayPath(target)}, no file before it`,
      );
    }
    this.paths.place(path, placed);
    return this.placements.get(target)?.data;
  }
}

/** A directory is hidden with all that is in it by its removal, or by something else put in its place. */
function hasHidingParent(
  path: ImagePath,
  placements: ReadonlyMap<ImagePath, Placement>,
  removed: ReadonlySet<ImagePath>,
): boolean {
  for (let at = path; at !== ROOT; ) {
    at = parentOf(at);
    if (removed.has(at) || placements.get(at)?.kind === 'other') return true;
  }
  return false;
}
