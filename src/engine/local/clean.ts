import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { hostPath } from '../host/command.ts';
import { removeWithMounts } from '../host/overlay.ts';
import { abandonedRuns, isOwnerAlive, liveRuns, type StateLayout } from '../host/state.ts';
import { locate } from '../host/toolkit.ts';
import { OciRuntime } from './oci-runtime.ts';

/** What was found and what became of it, a line each. */
export interface Cleaning {
  readonly removed: string[];
  readonly kept: string[];
  freedBytes: number;
}

/**
 * Removes what runs that died have left: containers, mounts, folders, half-unpacked layers. Never touches a run that is
 * under way. With `cache`, also the unpacked layers, listings and toolkits, unless a run is under way that may use them.
 */
export async function cleanLocal(layout: StateLayout, options: { cache: boolean }): Promise<Cleaning> {
  const cleaning: Cleaning = { removed: [], kept: [], freedBytes: 0 };
  for (const run of abandonedRuns(layout)) {
    cleaning.freedBytes += await diskUsage(run);
    await reapRun(run);
    cleaning.removed.push(`run ${run}`);
  }
  const live = liveRuns(layout);
  for (const run of live) cleaning.kept.push(`run ${run}: it is under way`);
  await removeUnfinished(layout, cleaning);
  if (options.cache) await removeCache(layout, live.length, cleaning);
  return cleaning;
}

/** Undoes everything of one run whose process is gone. */
async function reapRun(directory: string): Promise<void> {
  for (const folder of [directory, join(directory, 'tmp')]) await deleteContainers(folder);
  await removeWithMounts(directory);
}

async function deleteContainers(folder: string): Promise<void> {
  const root = join(folder, 'runtime');
  const ids = await readdir(root).catch(() => []);
  if (ids.length === 0) return;
  const runtime = new OciRuntime(await locate(['runc', 'crun']), root);
  for (const id of ids) await runtime.delete(id);
}

/** Half-written entries of caches, whose writer is gone. */
async function removeUnfinished(layout: StateLayout, cleaning: Cleaning): Promise<void> {
  for (const folder of [layout.layers, layout.listings, layout.toolkits]) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const lock = join(folder, `${name.replace(/\.new.*$/, '')}.lock`);
      const isUnfinished = name.includes('.new') || name.endsWith('.lock');
      if (!isUnfinished || isOwnerAlive(join(lock, 'owner')) || liveRuns(layout).length > 0) continue;
      cleaning.freedBytes += await diskUsage(path);
      await rm(path, { recursive: true, force: true });
      cleaning.removed.push(`unfinished ${path}`);
    }
  }
}

async function removeCache(layout: StateLayout, live: number, cleaning: Cleaning): Promise<void> {
  for (const folder of [layout.layers, layout.listings, layout.toolkits]) {
    if (!existsSync(folder)) continue;
    if (live > 0) {
      cleaning.kept.push(`cache ${folder}: a run that is under way may use it`);
      continue;
    }
    cleaning.freedBytes += await diskUsage(folder);
    await rm(folder, { recursive: true, force: true });
    cleaning.removed.push(`cache ${folder}`);
  }
}

/** Bytes on disk, of this file system only. */
async function diskUsage(path: string): Promise<number> {
  const { stdout } = await execa('du', ['-sxB1', path], { reject: false, env: { PATH: hostPath() } });
  return Number.parseInt(stdout, 10) || 0;
}
