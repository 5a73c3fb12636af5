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
  const pending = componentsOf(path);
  let at: ImagePath = ROOT;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      at = parentOf(at);
      continue;
    }
    const next = childOf(at, name);
    const entry = rootfs.get(next);
    const isLast = pending.length === 0;
    if (entry?.type === 'symlink' && (followLast || !isLast)) {
      links.push(next);
      if (links.length > MAX_LINKS) return { entry: undefined, path: next, links };
      if (entry.linkTarget.startsWith('/')) at = ROOT;
      pending.push(...componentsOf(entry.linkTarget));
      continue;
    }
    if (!leadsOn(entry, isLast)) return { entry: undefined, path: next, links };
    at = next;
  }
  return { entry: rootfs.get(at), path: at, links };
}

function childOf(directory: ImagePath, name: string): ImagePath {
  return (directory === '/' ? `/${name}` : `${directory}/${name}`) as ImagePath;
}

function leadsOn(entry: Entry | undefined, isLast: boolean): boolean {
  return isLast ? entry !== undefined : entry?.type === 'directory';
}

/** The parts of a path that lead anywhere, last one first. */
function componentsOf(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .reverse();
}

/** The path with every symbolic link in its directory part resolved, the last component as it is. */
export function resolveParent(rootfs: RootFs, path: ImagePath): ImagePath {
  const parent = resolvePath(rootfs, parentOf(path));
  return toImagePath(`${parent.path}/${baseName(path)}`);
}
