import { resolvePath } from './resolve.ts';
import type { RootFs } from './rootfs.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/** The content of a file, links followed; empty when there is none, or it is larger than any configuration file. */
export async function readSmallFileBytes(rootfs: RootFs, path: string): Promise<Buffer> {
  const { entry } = resolvePath(rootfs, path);
  if (entry?.type !== 'file' || entry.sizeBytes > MAX_BYTES) return Buffer.alloc(0);
  return rootfs.read(entry.path, 0, entry.sizeBytes);
}

/** As {@link readSmallFileBytes}, as a byte string. */
export async function readSmallFile(rootfs: RootFs, path: string): Promise<string> {
  return (await readSmallFileBytes(rootfs, path)).toString('latin1');
}
