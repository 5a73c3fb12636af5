import { baseName, type ImagePath, parentOf, ROOT, toImagePath } from './path.ts';
import type { Entry, RootFs } from './rootfs.ts';

/** As the kernel's MAXSYMLINKS: more links than this on one way is ELOOP. */
const MAX_LINKS = 40;

export interface Resolution {
  /** What the path leads to; undefined when something on the way is missing, no directory, or a loop. */
  readonly entry: Entry | undefined;
  /** The real path reached: that of `entry`, or of the first thing that does not exist. */
  readonly path: ImagePath;
  /** Symbolic links crossed, in the order they were met. All of them exist. */
  readonly links: readonly ImagePath[];
}

/**
 * Walks a path as the kernel would inside this root: symbolic links of directories are followed, absolute targets start
 * at the image's root, `..` stops there. `followLast: false` leaves a link in the last component alone, as lstat(2) does.
 */
export function resolvePath(rootfs: RootFs, path: string, options: { followLast?: boolean } = {}): Resolution {
  const followLast = options.followLast ?? true;
  const links: ImagePath[] = [];
  const pending = path.split('/').reverse();
  let at: ImagePath = ROOT;
  while (pending.length > 0) {
    const name = pending.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = parentOf(at);
      continue;
    }
    const next = (at === '/' ? `/${name}` : `${at}/${name}`) as ImagePath;
    const entry = rootfs.get(next);
    const isLast = pending.every((rest) => rest === '');
    if (!entry) return { entry: undefined, path: next, links };
    if (entry.type === 'symlink' && (followLast || !isLast)) {
      links.push(next);
      if (links.length > MAX_LINKS) return { entry: undefined, path: next, links };
      if (entry.linkTarget.startsWith('/')) at = ROOT;
      pending.push(...entry.linkTarget.split('/').reverse());
      continue;
    }
    if (!isLast && entry.type !== 'directory') return { entry: undefined, path: next, links };
    at = next;
  }
  return { entry: rootfs.get(at), path: at, links };
}

/** The path with every symbolic link in its directory part resolved, the last component as it is. */
export function resolveParent(rootfs: RootFs, path: ImagePath): ImagePath {
  const parent = resolvePath(rootfs, parentOf(path));
  return toImagePath(`${parent.path}/${baseName(path)}`);
}
