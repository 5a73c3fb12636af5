import { type ImagePath, imagePathFromText, ROOT } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { MountSettings } from '../settings.ts';
import { reach } from './reach.ts';
import type { Seed } from './seed.ts';

/**
 * The image as a container with these mounts shows it: there is nothing of the image below a bind mount or a tmpfs, so that
 * what was done there was not done with the image's files. Volumes start as a copy of the image's files and hide nothing.
 */
export function seenThrough(rootfs: RootFs, mounts: readonly MountSettings[]): RootFs {
  const hidden = mounts
    .filter(({ type }) => type !== 'volume')
    .map(({ target }) => resolvePath(rootfs, imagePathFromText(target)).entry?.path)
    .filter((path) => path !== undefined && path !== ROOT);
  if (hidden.length === 0) return rootfs;
  const isHidden = (path: ImagePath) => hidden.some((target) => path.startsWith(`${target}/`));
  return {
    entryCount: rootfs.entryCount,
    sizeBytes: rootfs.sizeBytes,
    get: (path) => (isHidden(path) ? undefined : rootfs.get(path)),
    childrenOf: (path) => (hidden.includes(path) || isHidden(path) ? [] : rootfs.childrenOf(path)),
    *entries() {
      for (const entry of rootfs.entries()) if (!isHidden(entry.path)) yield entry;
    },
    read: (path, offset, length) => rootfs.read(path, offset, length),
  };
}

/** Where the image itself has something that was mounted over: the place is kept, with the image's owner and mode. */
export function mountPointSeeds(rootfs: RootFs, mounts: readonly MountSettings[]): Seed[] {
  return mounts.flatMap(({ target }) =>
    reach(rootfs, imagePathFromText(target)).map((path) => ({
      path,
      reason: { kind: 'rule', rule: 'essential', because: `mounted over while the image was run (${target})` } as const,
    })),
  );
}
