import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** What a path of an image is, as its topmost layer says. Paths and targets are byte strings. */
export interface ImageEntry {
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970 with as many decimals as the archive has. */
  readonly mtime: string;
  readonly target: string;
  readonly device: readonly [number, number] | null;
  readonly xattrs: Readonly<Record<string, string>>;
  /** Equal for the names of one hard-linked file. */
  readonly group: string;
  readonly sha256?: string;
}

const READER = fileURLToPath(new URL('image-paths.py', import.meta.url));

/** Every path of a docker-archive with all layers applied, by a reader that shares nothing with this program. */
export async function imagePaths(archive: string): Promise<Map<string, ImageEntry>> {
  const { stdout } = await execa('python3', [READER, archive], { maxBuffer: 1 << 28 });
  return new Map(Object.entries(JSON.parse(stdout)));
}

/** Sentences about kept paths that are not what they were; the root, which archives may leave out, is not looked at. */
export function changedPaths(fat: ReadonlyMap<string, ImageEntry>, slim: ReadonlyMap<string, ImageEntry>): string[] {
  return [...slim]
    .filter(([path]) => path !== '/')
    .flatMap(([path, entry]) => changesOf(entry, fat.get(path)).map((change) => `${path}: ${change}`));
}

function changesOf(entry: ImageEntry, before: ImageEntry | undefined): string[] {
  if (!before) return ['is not in the original image'];
  const { group: _name, ...facts } = entry;
  return Object.entries(facts).flatMap(([fact, value]) => {
    const [now, was] = [value, before[fact as keyof ImageEntry]].map((side) => JSON.stringify(side));
    return now === was ? [] : [`${fact} was ${was}, is ${now}`];
  });
}

/** Sizes of regular files, the data of hard links counted once. */
export function dataBytes(entries: ReadonlyMap<string, ImageEntry>): number {
  const groups = new Map([...entries.values()].map((entry) => [entry.group, entry.size]));
  return [...groups.values()].reduce((sum, size) => sum + size, 0);
}
