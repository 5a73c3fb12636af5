import { type ImagePath, parentOf } from '../rootfs/path.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import { isMountedOver } from './reach.ts';

/** One thing in which a path of the slim image is not as on the fat one. Values are as they are shown. */
export interface Alteration {
  readonly path: ImagePath;
  readonly what: 'type' | 'mode' | 'owner' | 'target' | 'size' | 'content';
  readonly fat: string;
  readonly slim: string;
}

/** What each kind of thing is compared by, besides its type. A link has no mode that counts, and a directory no size. */
const COMPARED: readonly (readonly [what: Alteration['what'], shown: (entry: Entry) => string])[] = [
  ['mode', ({ type, mode }) => (type === 'symlink' ? '' : mode.toString(8).padStart(4, '0'))],
  ['owner', ({ type, uid, gid }) => (type === 'symlink' ? '' : `${uid}:${gid}`)],
  ['target', ({ linkTarget }) => linkTarget],
  ['size', ({ type, sizeBytes }) => (type === 'file' ? `${sizeBytes} B` : '')],
];

type EntriesByPath = Pick<RootFs, 'get'>;

/** In what two entries of one path differ, as far as a listing tells. */
function alterationsOf(fat: Entry, slim: Entry): Alteration[] {
  const { path } = fat;
  if (fat.type !== slim.type) return [{ path, what: 'type', fat: fat.type, slim: slim.type }];
  return COMPARED.map(([what, shown]) => ({ path, what, fat: shown(fat), slim: shown(slim) })).filter(
    (alteration) => alteration.fat !== alteration.slim,
  );
}

/** How these paths and the directories above them differ: what may keep a look-up from leading where it leads on the fat image. */
export function alteredWay(fat: EntriesByPath, slim: EntriesByPath, paths: readonly ImagePath[]): Alteration[] {
  const way = new Set<ImagePath>();
  for (const path of paths) {
    for (let at = path; !way.has(at); at = parentOf(at)) way.add(at);
  }
  return [...way].sort().flatMap((path) => {
    const [before, after] = [fat.get(path), slim.get(path)];
    return before && after ? alterationsOf(before, after) : [];
  });
}

/** Files that container engines mount over. */
const REPLACED: ReadonlySet<string> = new Set(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);

/** No more than this is read of each image to compare what files hold. */
const MAX_READ_BYTES = 128 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * How those of the paths differ that both images have, in the order given. Files of one size are compared by content, as
 * long as there is not too much of it.
 */
export async function findAlterations(
  fat: RootFs,
  slim: RootFs,
  { paths, signal }: { paths: Iterable<ImagePath>; signal: AbortSignal },
): Promise<Alteration[]> {
  const found: Alteration[] = [];
  let left = MAX_READ_BYTES;
  for (const path of paths) {
    const [before, after] = [fat.get(path), slim.get(path)];
    if (!before || !after || isMountedOver(path) || REPLACED.has(path)) continue;
    const alterations = alterationsOf(before, after);
    found.push(...alterations);
    const isSameSize = before.type === 'file' && before.type === after.type && before.sizeBytes === after.sizeBytes;
    if (!isSameSize || before.sizeBytes > left) continue;
    left -= before.sizeBytes;
    if (!(await hasSameContent(fat, slim, { path, sizeBytes: before.sizeBytes, signal })))
      found.push({ path, what: 'content', fat: 'the original', slim: 'another of the same size' });
  }
  return found;
}

async function hasSameContent(
  fat: RootFs,
  slim: RootFs,
  { path, sizeBytes, signal }: { path: ImagePath; sizeBytes: number; signal: AbortSignal },
): Promise<boolean> {
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    signal.throwIfAborted();
    const [before, after] = await Promise.all([fat.read(path, at, CHUNK_BYTES), slim.read(path, at, CHUNK_BYTES)]);
    if (!before.equals(after)) return false;
  }
  return true;
}
