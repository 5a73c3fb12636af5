import picomatch from 'picomatch';
import { type ImagePath, joinPath, parentOf, toImagePath } from '../rootfs/path.ts';
import { readSmallFile } from '../rootfs/read-file.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';

const MAX_FILES = 256;

/** The directories that an `ld.so.conf` names, `include` patterns followed. Source: ldconfig(8), glibc elf/ldconfig.c. */
export async function readLdSoConf(rootfs: RootFs, path: ImagePath): Promise<string[]> {
  const directories: string[] = [];
  const pending: ImagePath[] = [path];
  const seen = new Set<ImagePath>();
  for (let at = pending.shift(); at && seen.size < MAX_FILES; at = pending.shift()) {
    if (seen.has(at)) continue;
    seen.add(at);
    for (const line of (await readSmallFile(rootfs, at)).split('\n')) {
      const text = line.replace(/#.*/, '').trim();
      const [, pattern] = /^include\s+(.+)$/.exec(text) ?? [];
      if (pattern)
        pending.push(...pattern.split(/\s+/).flatMap((one) => expand(rootfs, joinPath(parentOf(path), one))));
      else if (text.startsWith('/')) directories.push(text.replace(/=.*/, ''));
    }
  }
  return directories;
}

/** Patterns in the last component, as ld.so.conf uses them. */
function expand(rootfs: RootFs, pattern: ImagePath): ImagePath[] {
  const directory = resolvePath(rootfs, parentOf(pattern)).path;
  const matches = picomatch(pattern.slice(pattern.lastIndexOf('/') + 1), { dot: false });
  return rootfs
    .childrenOf(directory)
    .filter((name) => matches(name))
    .map((name) => toImagePath(`${directory}/${name}`));
}
