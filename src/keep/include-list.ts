import { displayPath, type ImagePath, parentOf } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Access, Trace } from '../trace/trace.ts';

/**
 * The paths of a trace as an include list: what was asked for and what it led to, links included, sorted. Directories are
 * left out, since an include list takes them whole. With a root file system, only what the image has, links crossed too;
 * without one, whatever was listed, entered or holds another path is taken for a directory.
 */
export function includeList(trace: Trace, rootfs?: RootFs): string[] {
  const used = trace.accesses.filter(({ errno }) => errno !== 'ENOENT' && errno !== 'ENOTDIR');
  const paths = rootfs ? existingPaths(used, rootfs) : likelyFiles(used);
  return [...paths].map(displayPath).sort();
}

function existingPaths(accesses: readonly Access[], rootfs: RootFs): Set<ImagePath> {
  const paths = new Set<ImagePath>();
  for (const access of accesses) {
    const followLast = !access.noFollow;
    const { entry, links } = resolvePath(rootfs, access.verbatim ?? access.asked, { followLast });
    for (const link of links) paths.add(link);
    if (entry && entry.type !== 'directory') paths.add(entry.path);
  }
  return paths;
}

function likelyFiles(accesses: readonly Access[]): Set<ImagePath> {
  const paths = new Set<ImagePath>();
  const directories = new Set<ImagePath>(['/' as ImagePath]);
  for (const { operation, asked, resolved } of accesses) {
    const target = operation === 'list' || operation === 'directory' ? directories : paths;
    for (const path of [asked, resolved ?? asked]) {
      target.add(path);
      for (let at = parentOf(path); !directories.has(at); at = parentOf(at)) directories.add(at);
    }
  }
  for (const directory of directories) paths.delete(directory);
  return paths;
}
