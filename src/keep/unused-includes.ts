import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { KeepSet, Reason } from './keep-set.ts';

/** Less than this is not worth a word. */
const LEAST_BYTES = 1_000_000;

/**
 * A warning for each thing the user has included of which nothing has used a large part: include lists made for tools that
 * see less keep more than is needed.
 */
export function unusedIncludeWarnings(keep: KeepSet, rootfs: RootFs): string[] {
  const unused = new Map<string, { paths: number; sizeBytes: number }>();
  for (const path of keep.paths()) {
    const included = keep.reasonsFor(path).find((reason) => reason.kind === 'user');
    const entry = rootfs.get(path);
    if (included?.kind !== 'user' || entry?.type !== 'file' || isUsed(keep, path)) continue;
    const name = `${included.option} ${included.pattern}`.trim();
    const { paths, sizeBytes } = unused.get(name) ?? { paths: 0, sizeBytes: 0 };
    unused.set(name, { paths: paths + 1, sizeBytes: sizeBytes + entry.sizeBytes });
  }
  return [...unused]
    .filter(([, { sizeBytes }]) => sizeBytes >= LEAST_BYTES)
    .sort(([, a], [, b]) => b.sizeBytes - a.sizeBytes)
    .map(([name, { paths, sizeBytes }]) => {
      return `${name} keeps ${(sizeBytes / 1e6).toFixed(1)} MB in ${paths} files that nothing has used: try without it`;
    });
}

/** Whether anything but the user wants it: what was seen, or what follows from something that was. */
function isUsed(keep: KeepSet, path: ImagePath): boolean {
  return keep.reasonsFor(path).some((reason) => {
    if (reason.kind !== 'rule') return isSeen(reason);
    return reason.from === undefined || keep.reasonsFor(reason.from).some(isSeen);
  });
}

function isSeen({ kind }: Reason): boolean {
  return kind === 'traced' || kind === 'healed';
}
