import { baseName, type ImagePath, parentOf } from './path.ts';
import type { Entry, RootFs } from './rootfs.ts';

/** Everything of a {@link RootFs} except the bytes of its files, held in memory. */
export class RootFsIndex implements Omit<RootFs, 'read'> {
  readonly sizeBytes: number;
  readonly #entries: ReadonlyMap<ImagePath, Entry>;
  #paths: readonly ImagePath[] | undefined;
  #children: Map<ImagePath, string[]> | undefined;

  /** Of two entries with the same path the later one counts. */
  constructor(entries: Iterable<Entry>) {
    const byPath = new Map<ImagePath, Entry>();
    for (const entry of entries) byPath.set(entry.path, entry);
    this.#entries = byPath;
    this.sizeBytes = sizeOfFiles(byPath.values());
  }

  get entryCount(): number {
    return this.#entries.size;
  }

  get(path: ImagePath): Entry | undefined {
    return this.#entries.get(path);
  }

  childrenOf(path: ImagePath): readonly string[] {
    this.#children ??= namesByDirectory(this.#entries.keys());
    return this.#children.get(path) ?? [];
  }

  *entries(): Iterable<Entry> {
    this.#paths ??= [...this.#entries.keys()].sort();
    for (const path of this.#paths) yield this.#entries.get(path) as Entry;
  }
}

function sizeOfFiles(entries: Iterable<Entry>): number {
  const counted = new Set<number>();
  let sizeBytes = 0;
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    if (entry.linkCount > 1) {
      if (counted.has(entry.inode)) continue;
      counted.add(entry.inode);
    }
    sizeBytes += entry.sizeBytes;
  }
  return sizeBytes;
}

function namesByDirectory(paths: Iterable<ImagePath>): Map<ImagePath, string[]> {
  const children = new Map<ImagePath, string[]>();
  for (const path of paths) {
    if (path === '/') continue;
    const directory = parentOf(path);
    const names = children.get(directory);
    if (names) names.push(baseName(path));
    else children.set(directory, [baseName(path)]);
  }
  for (const names of children.values()) names.sort();
  return children;
}
