import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { TraceSlimError } from '../../errors.ts';
import { checkRunnable, hostPlatform } from '../../image/platform.ts';
import type { Image } from '../../image/types.ts';
import type { ContainerSettings } from '../../settings.ts';
import { runCommand } from '../host/command.ts';
import { ensureLayer } from '../host/layer-cache.ts';
import { removeWithMounts } from '../host/overlay.ts';
import { createLayout, createRun, type StateLayout } from '../host/state.ts';
import { locate, prepareToolkit, type Toolkit } from '../host/toolkit.ts';
import type { Engine, OpenedImage } from '../types.ts';
import { checkContainerSettings } from './check-settings.ts';
import { LocalImage } from './local-image.ts';
import { OciRuntime } from './oci-runtime.ts';

/** `f_type` of overlayfs, which cannot be the upper folder of another overlay. Source: statfs(2). */
export const OVERLAYFS_MAGIC = 0x794c7630;

const RUNTIMES = ['runc', 'crun'] as const;

/**
 * The engine that needs no daemon: layers in a cache, overlayfs, and an OCI runtime. Everything of one run is below one
 * folder, which the disposal removes; after a crash `clean` does. Errors: PERMISSION_DENIED, TOOL_MISSING.
 */
export async function openLocalEngine(stateDirectory: string, options: { signal: AbortSignal }): Promise<Engine> {
  checkUser();
  const layout = createLayout(stateDirectory);
  const program = await locate(RUNTIMES);
  const toolkit = await prepareToolkit(layout, options);
  const run = createRun(layout);
  const isOverlay = (await statfs(run.directory)).type === OVERLAYFS_MAGIC;
  const directory = isOverlay ? join(run.directory, 'tmp') : run.directory;
  try {
    if (isOverlay) await mountTmpfs(directory);
  } catch (error) {
    await removeWithMounts(run.directory);
    throw error;
  }
  const runtime = new OciRuntime(program, join(directory, 'runtime'));
  return new LocalEngine({ layout, toolkit, runtime, directory, runDirectory: run.directory, id: run.id });
}

/** What a run of the local engine works with. */
export interface LocalRun {
  readonly id: string;
  readonly layout: StateLayout;
  readonly toolkit: Toolkit;
  readonly runtime: OciRuntime;
  /** Folder for mounts and containers of this run; on a file system that overlays can write to. */
  readonly directory: string;
  /** What the disposal removes: `directory` or its parent. */
  readonly runDirectory: string;
}

class LocalEngine implements Engine {
  readonly name = 'local';
  readonly #run: LocalRun;

  constructor(run: LocalRun) {
    this.#run = run;
  }

  get scratchDirectory(): string {
    return this.#run.runDirectory;
  }

  check(settings: ContainerSettings): Promise<readonly string[]> {
    return checkContainerSettings(settings);
  }

  async open(image: Image, options: { signal: AbortSignal; temporary?: boolean }): Promise<OpenedImage> {
    checkRunnable(image.source, image.platform, hostPlatform().architecture);
    if (options.temporary) return LocalImage.unpackAndMount(this.#run, image, options);
    for (const layer of image.layers) await ensureLayer(this.#run.layout, layer, options);
    return LocalImage.mount(this.#run, image, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeWithMounts(this.#run.runDirectory);
  }
}

/** Root of a user namespace of its own will do, if it may mount. */
function checkUser(): void {
  if (process.geteuid?.() === 0) return;
  throw new TraceSlimError(
    'PERMISSION_DENIED',
    'the built-in engine mounts layers and starts containers: it needs root',
    {
      hint: 'Run it with sudo; inside a container that has to be a --privileged one.',
    },
  );
}

async function mountTmpfs(directory: string): Promise<void> {
  await mkdir(directory);
  await runCommand('mount', ['-t', 'tmpfs', '-o', 'mode=711', 'tmpfs', directory], { doing: 'mounting a tmpfs' });
}
