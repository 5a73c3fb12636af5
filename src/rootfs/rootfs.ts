import type { ImagePath } from './path.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo' | 'socket';

/** One path of an image's root file system, all layers applied. */
export interface Entry {
  readonly path: ImagePath;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Where a symlink points, as stored (byte string, absolute or relative). Empty for everything else. */
  readonly linkTarget: string;
  /** Equal for the names of one hard-linked file, within one image. */
  readonly inode: number;
  readonly linkCount: number;
}

/**
 * A read-only view of the pristine image, never of a container that ran. Look-ups are by exact path: links are followed
 * by `resolvePath`, not here.
 */
export interface RootFs {
  /** Number of paths, the root included. */
  readonly entryCount: number;
  /** Sum of the sizes of all regular files, hard-linked data counted once. */
  readonly sizeBytes: number;
  get(path: ImagePath): Entry | undefined;
  /** Names (byte strings) in a directory, in byte order. Empty for anything that is no directory. */
  childrenOf(path: ImagePath): readonly string[];
  /** Every entry, in byte order of the paths, the root first. */
  entries(): Iterable<Entry>;
  /**
   * Up to `length` bytes of a regular file from `offset`; fewer at its end. `path` must name the file itself (no symlink
   * on the way). Rejects for anything that is no regular file.
   */
  read(path: ImagePath, offset: number, length: number): Promise<Buffer>;
}
