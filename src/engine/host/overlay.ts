import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from '../../rootfs/rootfs.ts';
import { runCommand } from './command.ts';

export interface OverlayOptions {
  /** Folder that lower names are relative to; keeps the mount option short, which the kernel bounds to one page. */
  readonly layersDirectory: string;
  /** Lower folders, top layer first, relative to `layersDirectory` or absolute. */
  readonly lower: readonly string[];
  /** A private folder of this mount: holds the mount point, and the upper folder of a writable one. */
  readonly directory: string;
  readonly writable: boolean;
  /** The image's own root directory: a writable overlay shows the upper folder's owner and mode there. */
  readonly rootEntry?: Entry | undefined;
  readonly signal?: AbortSignal;
}

/** Mounts layers over each other. The mount is undone by the disposal; everything written to it is thrown away then. */
export async function mountOverlay(options: OverlayOptions): Promise<AsyncDisposable & { path: string }> {
  const { directory, writable } = options;
  const path = join(directory, 'merged');
  // An overlay without an upper folder needs two lower ones.
  const needed = writable ? ['merged', 'upper', 'work'] : ['merged', 'empty'];
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await Promise.all(needed.map((name) => mkdir(join(directory, name), { mode: 0o755 })));
  if (writable && options.rootEntry) {
    await chown(join(directory, 'upper'), options.rootEntry.uid, options.rootEntry.gid);
    await chmod(join(directory, 'upper'), options.rootEntry.mode);
  }
  const upper = `upperdir=${join(directory, 'upper')},workdir=${join(directory, 'work')}`;
  const mountOptions = writable
    ? `lowerdir=${options.lower.join(':')},${upper}`
    : `lowerdir=${[...options.lower, join(directory, 'empty')].join(':')}`;
  await runCommand('mount', ['-t', 'overlay', 'overlay', '-o', `${writable ? '' : 'ro,'}${mountOptions}`, path], {
    cwd: options.layersDirectory,
    doing: 'mounting the image',
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await unmount(path);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Detaches a mount even while something still uses it. */
export async function unmount(path: string): Promise<void> {
  await runCommand('umount', ['-l', path], { doing: `unmounting ${path}` });
}

/** Removes a folder with what is mounted below it: never through a mount, which may show a folder of the user. */
export async function removeWithMounts(directory: string): Promise<void> {
  const real = await realpath(directory).catch(() => directory);
  // Innermost mounts come last in the kernel's list.
  for (const mount of mountsBelow(real).reverse()) await unmount(mount);
  await rm(real, { recursive: true, force: true });
}

/** Mount points below a folder, in the order they were mounted. Source: proc(5), /proc/pid/mountinfo. */
function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((path) => path.startsWith(`${directory}/`));
}
