import { mkdir, rm } from 'node:fs/promises';
import { freemem } from 'node:os';
import { runCommand } from '../host/command.ts';
import { unmount } from '../host/overlay.ts';

/** Larger contents, or a larger part of the free memory, go to the disk. */
const MEMORY_MAX_BYTES = 256 << 20;
const MEMORY_MAX_PART = 1 / 8;
/** Metadata and partly filled pages need room too. */
const ROOM_FACTOR = 2;
const ROOM_BYTES = 64 << 20;

/**
 * Makes a folder for `sizeBytes` of files that are soon thrown away: in memory where that is little, since creating many
 * files on a disk takes several times as long. Gives what removes it.
 */
export async function createScratch(directory: string, sizeBytes: number): Promise<() => Promise<void>> {
  await mkdir(directory, { mode: 0o755 });
  const isSmall = sizeBytes <= Math.min(MEMORY_MAX_BYTES, freemem() * MEMORY_MAX_PART);
  if (!isSmall) return () => rm(directory, { recursive: true, force: true });
  const size = `size=${sizeBytes * ROOM_FACTOR + ROOM_BYTES}`;
  await runCommand('mount', ['-t', 'tmpfs', '-o', `mode=755,${size}`, 'tmpfs', directory], {
    doing: 'mounting a tmpfs',
  });
  return async () => {
    await unmount(directory);
    await rm(directory, { recursive: true, force: true });
  };
}
