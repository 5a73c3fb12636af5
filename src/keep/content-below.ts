import { type ImagePath, joinPath, ROOT } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';

/** Everything below a directory, or nothing when it is more than what is kept on suspicion. Nothing of the root. */
export function contentBelow(
  rootfs: RootFs,
  directory: ImagePath,
  limits: { readonly maxBytes: number; readonly maxEntries: number },
): ImagePath[] {
  if (directory === ROOT) return [];
  const found: ImagePath[] = [];
  let sizeBytes = 0;
  for (const pending = [directory]; pending.length > 0; ) {
    const at = pending.pop() as ImagePath;
    for (const name of rootfs.childrenOf(at)) {
      const path = joinPath(at, name);
      const entry = rootfs.get(path);
      if (entry?.type === 'file') sizeBytes += entry.sizeBytes;
      if (entry?.type === 'directory') pending.push(path);
      found.push(path);
      if (sizeBytes > limits.maxBytes || found.length > limits.maxEntries) return [];
    }
  }
  return found;
}
