import { isMountedOver } from '../keep/reach.ts';
import type { ImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Trace } from './trace.ts';

/** Files of the image, directories aside, that some of the traces used and others did not, in byte order. */
export function unstablePaths(rootfs: RootFs, traces: readonly Trace[]): ImagePath[] {
  const counts = new Map<ImagePath, number>();
  for (const trace of traces)
    for (const path of usedFiles(rootfs, trace)) counts.set(path, (counts.get(path) ?? 0) + 1);
  return [...counts].flatMap(([path, count]) => (count < traces.length ? [path] : [])).sort();
}

function usedFiles(rootfs: RootFs, { accesses }: Trace): Set<ImagePath> {
  const used = new Set<ImagePath>();
  for (const { asked, verbatim, resolved, errno, noFollow } of accesses) {
    if (errno !== undefined) continue;
    const { entry } = resolvePath(rootfs, resolved ?? verbatim ?? asked, { followLast: !noFollow });
    if (entry && entry.type !== 'directory' && !isMountedOver(entry.path)) used.add(entry.path);
  }
  return used;
}
