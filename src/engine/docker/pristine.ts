import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ImagePath } from '../../rootfs/path.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import { ensureInheritedDirectories } from '../host/inherited-directories.ts';
import { readMountedRootFs } from '../host/mounted-rootfs.ts';
import { mountOverlay } from '../host/overlay.ts';
import { packPaths } from '../host/pack.ts';
import { lensOf } from './lens.ts';
import type { DaemonRun } from './run.ts';
import { type GraphDriver, type StoredLayers, storedLayers } from './store.ts';

/** The files of an image as it was pulled, never those of a container that ran. */
export interface Pristine extends AsyncDisposable {
  readonly rootfs: RootFs;
  pack(paths: readonly ImagePath[], options: { signal: AbortSignal }): Readable;
}

export interface PristineOptions {
  /** Image id, `sha256:...`. */
  readonly id: string;
  readonly graphDriver: GraphDriver | undefined;
  /** Of its layers, oldest first. */
  readonly diffIds: readonly string[];
  /** Name of this image within the run. */
  readonly name: string;
  /** Seconds since 1970. */
  readonly createdSeconds: number;
  /** Whether the listing is worth keeping for later runs. */
  readonly isTemporary: boolean;
  readonly signal: AbortSignal;
}

/**
 * Opens an image's files: the daemon's own layers, mounted read-only, where this host has them; else a container of the
 * image in which only the toolkit runs.
 */
export async function openPristine(run: DaemonRun, options: PristineOptions): Promise<Pristine> {
  const { diffIds, graphDriver, name, isTemporary, signal } = options;
  const layers = await storedLayers(graphDriver, diffIds);
  if (!layers) return lensOf(run, options);
  const chain = `daemon-${createHash('sha256').update(diffIds.join(' ')).digest('hex').slice(0, 32)}`;
  const mount = await mountOverlay({
    layersDirectory: layers.directory,
    lower: isTemporary ? layers.lower : await withInherited(run, layers, chain, signal),
    directory: join(run.directory, `${name}-pristine`),
    writable: false,
    signal,
  });
  try {
    const listing = isTemporary ? undefined : join(run.layout.listings, chain);
    const rootfs = await readMountedRootFs(mount.path, listing, { signal });
    return {
      rootfs,
      pack: (paths, packOptions) => packPaths(mount.path, paths, packOptions),
      [Symbol.asyncDispose]: () => mount[Symbol.asyncDispose](),
    };
  } catch (error) {
    await mount[Symbol.asyncDispose]();
    throw error;
  }
}

/** Directories that upper layers have no entry for are in the daemon's store what they were when it was unpacked. */
async function withInherited(
  { layout }: DaemonRun,
  layers: StoredLayers,
  chain: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const describe = () => layers.describe();
  const inherited = await ensureInheritedDirectories(layout.layers, describe, chain, { signal });
  return inherited === undefined ? layers.lower : [join(layout.layers, inherited), ...layers.lower];
}
