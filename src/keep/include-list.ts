import { displayPath, type ImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Trace } from '../trace/trace.ts';

/**
 * The paths of a trace as an include list: what was asked for and what it led to, links included, sorted. Directories are
 * left out, since an include list takes them whole. With a root file system, only what the image has, links crossed too.
 */
export function includeList(trace: Trace, rootfs?: RootFs): string[] {
  const paths = new Set<ImagePath>();
  for (const access of trace.accesses) {
    if (access.errno === 'ENOENT' || access.errno === 'ENOTDIR') continue;
    if (access.operation === 'list' || access.operation === 'directory') continue;
    if (!rootfs) {
      paths.add(access.asked);
      if (access.resolved) paths.add(access.resolved);
      continue;
    }
    const { entry, links } = resolvePath(rootfs, access.verbatim ?? access.asked, { followLast: !access.noFollow });
    for (const link of links) paths.add(link);
    if (entry && entry.type !== 'directory') paths.add(entry.path);
  }
  return [...paths].map(displayPath).sort();
}
