import picomatch from 'picomatch';
import { bytesOf, type ImagePath, parseDisplayPath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import type { PathPermissions } from '../settings.ts';
import type { Permissions } from '../tar/edit-permissions.ts';
import type { KeepSet } from './keep-set.ts';

/**
 * Which kept paths get other owners and modes, by path; of a hard-linked file all names. Later settings win. With a warning
 * for each setting that concerns nothing that is kept.
 */
export function planPermissions(
  rootfs: RootFs,
  keep: KeepSet,
  wanted: readonly PathPermissions[],
): { permissions: Map<ImagePath, Permissions>; warnings: string[] } {
  const permissions = new Map<ImagePath, Permissions>();
  const warnings: string[] = [];
  if (wanted.length === 0) return { permissions, warnings };
  const names = namesByInode(rootfs, keep);
  for (const { option, path, ...changes } of wanted) {
    const entries = findKept(rootfs, keep, path);
    if (entries.length === 0) warnings.push(`${option} ${path} changes nothing: no such path is kept`);
    for (const entry of entries) {
      for (const name of names.get(entry.inode) ?? [entry.path]) {
        permissions.set(name, { ...permissions.get(name), ...changes });
      }
    }
  }
  return { permissions, warnings };
}

/** A path that is kept, links followed; else what a glob matches of the kept ones. */
function findKept(rootfs: RootFs, keep: KeepSet, text: string): Entry[] {
  const { entry } = resolvePath(rootfs, parseDisplayPath(text));
  if (entry) return keep.has(entry.path) ? [entry] : [];
  if (!picomatch.scan(text).isGlob) return [];
  const matches = picomatch(bytesOf(text), { dot: true });
  const found = keep.paths().map((path) => (matches(path) ? rootfs.get(path) : undefined));
  return found.filter((match) => match !== undefined && match.type !== 'symlink') as Entry[];
}

/** The kept names of each file that has several. */
function namesByInode(rootfs: RootFs, keep: KeepSet): Map<number, ImagePath[]> {
  const names = new Map<number, ImagePath[]>();
  for (const path of keep.paths()) {
    const entry = rootfs.get(path);
    if (entry?.type !== 'file' || entry.linkCount < 2) continue;
    names.set(entry.inode, [...(names.get(entry.inode) ?? []), path]);
  }
  return names;
}
