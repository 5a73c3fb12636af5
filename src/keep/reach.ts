import type { ImagePath } from '../rootfs/path.ts';
import { type Resolution, resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';

/**
 * Every path that must exist for `path` to lead where it leads in the image: the links crossed, in that order, then what is
 * reached. Empty when it leads nowhere.
 */
export function reach(rootfs: RootFs, path: string): ImagePath[] {
  const found = resolvePath(rootfs, path);
  return found.entry ? reached(found) : [];
}

/** The existing paths of a resolution: links, then the entry if there is one. */
export function reached({ links, entry }: Resolution): ImagePath[] {
  return entry ? [...links, entry.path] : [...links];
}

/** True for what a container engine mounts over: nothing below these is ever seen in a container. */
export function isMountedOver(path: ImagePath): boolean {
  return /^\/(?:proc|sys|dev)\//.test(path);
}
