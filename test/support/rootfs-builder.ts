import { bytesOf, type ImagePath, parentOf, ROOT, toImagePath } from '../../src/rootfs/path.ts';
import type { Entry, RootFs } from '../../src/rootfs/rootfs.ts';
import { RootFsIndex } from '../../src/rootfs/rootfs-index.ts';

/** A file's content, or what a path is besides a plain file. */
export type Described = string | Buffer | { link: string } | { directory: true; mode?: number } | DescribedFile;

interface DescribedFile {
  readonly content: string | Buffer;
  readonly mode?: number;
  /** Files of the same number share one inode. */
  readonly inode?: number;
}

/** A root file system in memory, from paths to what they are. Parent directories are added; files are 0644 unless told. */
export function rootFsOf(tree: Readonly<Record<string, Described>>): RootFs {
  const contents = new Map<ImagePath, Buffer>();
  const entries = new Map<ImagePath, Entry>([[ROOT, entryOf(ROOT, 'directory', 0o755)]]);
  for (const [text, described] of Object.entries(tree)) {
    const path = toImagePath(bytesOf(text));
    for (let at = parentOf(path); !entries.has(at); at = parentOf(at)) entries.set(at, entryOf(at, 'directory', 0o755));
    const { entry, content } = describe(path, described);
    entries.set(path, entry);
    if (content) contents.set(path, content);
  }
  return Object.assign(new RootFsIndex(entries.values()), {
    read: async (path: ImagePath, offset: number, length: number) => {
      const content = contents.get(path);
      if (!content) throw new Error(`${path} is no regular file`);
      return content.subarray(offset, offset + length);
    },
  });
}

function describe(path: ImagePath, described: Described): { entry: Entry; content?: Buffer } {
  if (typeof described === 'object' && 'link' in described) {
    return { entry: { ...entryOf(path, 'symlink', 0o777), linkTarget: bytesOf(described.link) } };
  }
  if (typeof described === 'object' && 'directory' in described) {
    return { entry: entryOf(path, 'directory', described.mode ?? 0o755) };
  }
  const { content, mode, inode }: DescribedFile =
    typeof described === 'string' || Buffer.isBuffer(described) ? { content: described } : described;
  const bytes = Buffer.from(content);
  const links = inode === undefined ? {} : { inode, linkCount: 2 };
  return { entry: { ...entryOf(path, 'file', mode ?? 0o644), sizeBytes: bytes.length, ...links }, content: bytes };
}

let lastInode = 1000;

function entryOf(path: ImagePath, type: Entry['type'], mode: number): Entry {
  lastInode++;
  return { path, type, mode, uid: 0, gid: 0, sizeBytes: 0, linkTarget: '', inode: lastInode, linkCount: 1 };
}
