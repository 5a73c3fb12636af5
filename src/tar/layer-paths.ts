import { TraceSlimError } from '../errors.ts';
import { baseName, displayPath, type ImagePath, joinPath, parentOf, ROOT, toImagePath } from '../rootfs/path.ts';
import { invalid } from './header.ts';
import type { PaxRecords } from './pax.ts';

/** Bound of the paths of one layer, implied directories included: they are all held in memory. */
const MAX_PATHS = 4_000_000;
/** As the kernel's PATH_MAX, without its NUL. */
const MAX_PATH_BYTES = 4095;
/** As the kernel's MAXSYMLINKS. */
const MAX_LINKS = 40;

/** What a directory needs to be written again. */
export interface DirectoryMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  readonly pax: PaxRecords;
}

/** What a layer has put at a path. A directory without metadata is only implied by what is in it. */
export type Placed =
  | { readonly kind: 'directory'; readonly metadata?: DirectoryMetadata }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'other' };

/** The paths a layer has made so far, none of which leads through a symbolic link. */
export class LayerPaths {
  private readonly placed = new Map<ImagePath, Placed>([[ROOT, { kind: 'directory' }]]);

  get(path: ImagePath): Placed | undefined {
    return this.placed.get(path);
  }

  entries(): Iterable<[ImagePath, Placed]> {
    return this.placed;
  }

  /**
   * The real path of a name in the archive: leading slashes and `.` components dropped, relative links that this layer
   * made followed in all but the last component. Directories on the way are implied.
   * Fails with IMAGE_INVALID for `..`, for a way through an absolute or upward link, or below something else.
   */
  locate(name: string): ImagePath {
    const path = safePath(name, name);
    if (this.placed.get(parentOf(path))?.kind === 'directory') return path;
    const pending = path.slice(1).split('/').reverse();
    let at: ImagePath = ROOT;
    for (let links = 0; pending.length > 1; ) {
      const next = joinPath(at, pending.pop() as string);
      const placed = this.placed.get(next);
      if (placed?.kind === 'symlink') {
        if (++links > MAX_LINKS) throw invalid(`tar entry ${displayPath(name)} leads through too many links`);
        pending.push(...componentsOfLink(placed.target, name));
        continue;
      }
      if (placed?.kind === 'other') throw invalid(`tar entry ${displayPath(name)} lies below a file`);
      if (!placed) this.add(next, { kind: 'directory' });
      at = next;
    }
    return joinPath(at, pending[0] as string);
  }

  /**
   * Notes what the layer puts at a located path. Fails with IMAGE_INVALID when that would replace a directory, or a link
   * that leads out: GNU tar makes such links at its end, on top of what replaced them.
   */
  place(path: ImagePath, placed: Placed): void {
    const before = this.placed.get(path);
    if (before?.kind === 'directory' && placed.kind !== 'directory') {
      throw invalid(`tar entry ${displayPath(path)} replaces a directory of its own layer`);
    }
    if (before?.kind === 'symlink' && isUnsafe(before.target)) {
      throw invalid(`tar entry ${displayPath(path)} replaces a link to ${displayPath(before.target)} of its own layer`);
    }
    this.add(path, placed);
  }

  private add(path: ImagePath, placed: Placed): void {
    this.placed.set(path, placed);
    if (this.placed.size <= MAX_PATHS) return;
    throw new TraceSlimError('LAYER_UNSUPPORTED', `a layer has more than ${MAX_PATHS} paths`, {
      hint: 'Leave out data that does not belong into an image.',
    });
  }
}

/** What a whiteout stands for, by its located path. */
export type Whiteout =
  | { readonly kind: 'none' }
  | { readonly kind: 'hide' | 'opaque'; readonly path: ImagePath }
  | { readonly kind: 'ignored' };

const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Names AUFS keeps for itself. */
const RESERVED_PREFIX = '.wh..wh.';

/** Reads a path as a whiteout. Fails with IMAGE_INVALID for one without a name. Source: OCI image-spec layer.md. */
export function whiteoutOf(path: ImagePath): Whiteout {
  const name = baseName(path);
  if (name === OPAQUE) return { kind: 'opaque', path: parentOf(path) };
  if (path.includes(`/${RESERVED_PREFIX}`)) return { kind: 'ignored' };
  if (!name.startsWith(PREFIX)) return { kind: 'none' };
  const hidden = name.slice(PREFIX.length);
  if (['', '.', '..'].includes(hidden)) throw invalid(`whiteout ${displayPath(path)} names nothing`);
  return { kind: 'hide', path: joinPath(parentOf(path), hidden) };
}

function safePath(bytes: string, name: string): ImagePath {
  if (bytes.length > MAX_PATH_BYTES)
    throw invalid(`tar entry ${displayPath(name.slice(0, 80))}... has too long a name`);
  if (hasUpward(bytes)) throw invalid(`tar entry ${displayPath(name)} leaves the image with ..`);
  return toImagePath(bytes);
}

function componentsOfLink(target: string, name: string): string[] {
  if (isUnsafe(target)) {
    throw invalid(`tar entry ${displayPath(name)} lies behind the link to ${displayPath(target)}`);
  }
  return safePath(target, name)
    .slice(1)
    .split('/')
    .filter((part) => part !== '')
    .reverse();
}

function isUnsafe(target: string): boolean {
  return target.startsWith('/') || hasUpward(target);
}

function hasUpward(bytes: string): boolean {
  return bytes.includes('..') && bytes.split('/').includes('..');
}
