import type { Image } from '../image/types.ts';
import { reasonText } from '../keep/explain.ts';
import type { KeepSet } from '../keep/keep-set.ts';
import type { PackageIndex } from '../rootfs/packages.ts';
import { displayPath, type ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { ImageSummary, KeptPath, RemovedGroup, Report, ShownPath } from './report.ts';

/** Every kept path with its reasons, in byte order. */
export function keptPaths(rootfs: RootFs, keep: KeepSet): KeptPath[] {
  return keep.paths().map((path) => {
    const entry = rootfs.get(path);
    return {
      path: displayPath(path),
      type: entry?.type ?? 'directory',
      sizeBytes: entry?.type === 'file' ? entry.sizeBytes : 0,
      reasons: keep.reasonsFor(path).map(reasonText),
    };
  });
}

/** Every path that is not kept, by the distribution package that owns it; the largest group first. */
export function removedGroups(rootfs: RootFs, keep: KeepSet, packages: PackageIndex): RemovedGroup[] {
  const groups = new Map<string, Group>();
  for (const entry of rootfs.entries()) {
    const owner = packages.ownerOf(entry.path);
    const group = groups.get(owner?.name ?? '') ?? newGroup(owner);
    groups.set(owner?.name ?? '', group);
    if (keep.has(entry.path)) {
      if (entry.type !== 'directory') group.keptFiles++;
      continue;
    }
    group.paths.push(displayPath(entry.path));
    if (entry.type === 'file') group.sizeBytes += entry.sizeBytes;
  }
  return [...groups.values()].filter((group) => group.paths.length > 0).sort(bySizeThenName);
}

interface Group extends RemovedGroup {
  sizeBytes: number;
  keptFiles: number;
  readonly paths: string[];
}

function newGroup(owner: { name: string; version: string } | undefined): Group {
  return { package: owner?.name ?? null, version: owner?.version ?? null, sizeBytes: 0, keptFiles: 0, paths: [] };
}

function bySizeThenName(a: Group, b: Group): number {
  return b.sizeBytes - a.sizeBytes || (a.package ?? '').localeCompare(b.package ?? '');
}

/** Everything but directories, as displayed. */
export function shownFiles(rootfs: RootFs, paths: readonly ImagePath[]): ShownPath[] {
  return paths.filter((path) => rootfs.get(path)?.type !== 'directory').map(displayPath);
}

/** What each pattern of the user has taken out, in byte order. */
export function excludedGroups(excluded: ReadonlyMap<ImagePath, string>): Report['excluded'] {
  const groups = new Map<string, ImagePath[]>();
  for (const [path, pattern] of excluded) {
    const paths = groups.get(pattern) ?? [];
    groups.set(pattern, paths);
    paths.push(path);
  }
  return [...groups].sort().map(([pattern, paths]) => ({ pattern, paths: paths.sort().map(displayPath) }));
}

/** Size and number of paths of an image, or of the part of it that is kept; hard-linked data counts once. */
export function summaryOf(image: Image, rootfs: RootFs, keep?: KeepSet): ImageSummary {
  const { os, architecture, variant } = image.platform;
  const totals = keep ? totalsOf(rootfs, keep) : { sizeBytes: rootfs.sizeBytes, entries: rootfs.entryCount };
  return {
    source: image.source,
    digest: image.digest,
    platform: [os, architecture, variant].filter(Boolean).join('/'),
    layers: image.layers.length,
    ...totals,
  };
}

function totalsOf(rootfs: RootFs, keep: KeepSet): { sizeBytes: number; entries: number } {
  const sizes = new Map<number, number>();
  for (const path of keep.paths()) {
    const entry = rootfs.get(path);
    if (entry?.type === 'file') sizes.set(entry.inode, entry.sizeBytes);
  }
  return { sizeBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), entries: keep.size };
}
