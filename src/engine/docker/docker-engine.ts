import { TraceSlimError } from '../../errors.ts';
import { checkRunnable, hostPlatform } from '../../image/platform.ts';
import type { Image } from '../../image/types.ts';
import type { EngineSettings, ServicesSettings } from '../../settings.ts';
import { removeWithMounts } from '../host/overlay.ts';
import { createLayout, createRun, type StateLayout } from '../host/state.ts';
import { locate, prepareToolkit } from '../host/toolkit.ts';
import type { Engine, EngineName, FindOptions, ImageStore, OpenedImage } from '../types.ts';
import { connectDaemon, type Daemon } from './api/connect.ts';
import { Delivery } from './delivery.ts';
import { DaemonImage } from './image.ts';
import { imageStore, inspectImage } from './image-store.ts';
import { hostKit, imageKit, type Kit } from './kit.ts';
import { labelsOf, temporaryName } from './labels.ts';
import { loadImage } from './load.ts';
import { Removals, removeRun } from './remove.ts';
import type { DaemonRun } from './run.ts';
import { Services } from './services.ts';
import { ensureToolImage } from './tool-image.ts';

export interface DaemonOptions {
  /** Folder of this host for the engine's files. */
  readonly stateDirectory: string;
  /** Names of images; `auto` prefers a daemon that has them. */
  readonly wanted: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * The engine over the API of Docker or Podman. Whatever it makes there carries a label of this run and is removed by the
 * disposal; after a crash by `clean`. Errors: ENGINE_UNAVAILABLE, PERMISSION_DENIED, TOOL_MISSING.
 */
export async function openDaemonEngine(settings: EngineSettings, options: DaemonOptions): Promise<Engine> {
  const { stateDirectory, wanted, signal } = options;
  const layout = createLayout(stateDirectory);
  const daemon = await connectDaemon(settings, { wanted, signal });
  try {
    const kit = await kitFor(daemon, layout, { base: settings.toolImage, signal });
    const { id, directory } = createRun(layout);
    const labels = labelsOf(id);
    const delivery = new Delivery({ daemon, runId: id, labels, kit, directory });
    return new DaemonEngine({
      id,
      daemon,
      layout,
      directory,
      loader: kit.loader,
      labels,
      delivery,
      removals: new Removals(),
    });
  } catch (error) {
    await daemon.close();
    throw error;
  }
}

class DaemonEngine implements Engine {
  readonly name: EngineName;
  readonly store: ImageStore;
  readonly #run: DaemonRun;
  /** Temporary names of images that were sent to the daemon in this run. */
  readonly #loaded = new Map<Image, Promise<string>>();
  #opened = 0;
  #named = 0;
  #services: Services | undefined;

  constructor(run: DaemonRun) {
    this.name = run.daemon.name;
    this.#run = run;
    this.store = imageStore(run, {
      ensure: (image, signal) => this.#load(image, signal),
      newName: () => this.#newName(),
    });
  }

  get scratchDirectory(): string {
    return this.#run.directory;
  }

  async open(image: Image, options: { signal: AbortSignal; temporary?: boolean }): Promise<OpenedImage> {
    checkRunnable(image.source, image.platform, this.#run.daemon.info.architecture);
    const { transport, path } = image.location;
    const isStored = transport === 'docker-daemon';
    const {
      Id: id,
      GraphDriver: graphDriver,
      RootFS,
    } = await inspectImage(this.#run, isStored ? path : await this.#load(image, options.signal));
    const name = `image${++this.#opened}`;
    const isTemporary = options.temporary ?? false;
    return DaemonImage.open(this.#run, image, {
      id,
      graphDriver,
      diffIds: RootFS.Layers ?? [],
      name,
      isTemporary,
      signal: options.signal,
      beforeStart: async (signal) => this.#services?.renew(signal),
    });
  }

  async prepare(services: ServicesSettings, options: FindOptions): Promise<void> {
    this.#services = await Services.prepare(this.#run, services, { store: this.store, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { daemon, id, directory, removals: pending } = this.#run;
    try {
      await pending.finished();
      const removals = [removeWithMounts(directory), removeRun(daemon, id).catch(leftBehind)];
      // A daemon that is gone fails at once: what is on this host is removed all the same before the program may end.
      for (const removal of await Promise.allSettled(removals)) if (removal.status === 'rejected') throw removal.reason;
    } finally {
      await daemon.close();
    }
  }

  #newName(): string {
    return temporaryName(this.#run.id, ++this.#named);
  }

  #load(image: Image, signal: AbortSignal): Promise<string> {
    const known = this.#loaded.get(image);
    if (known !== undefined) return known;
    const name = this.#newName();
    const loading = sent(this.#run, image, name, signal);
    this.#loaded.set(image, loading);
    return loading;
  }
}

function leftBehind({ code, message, context, cause }: TraceSlimError): never {
  throw new TraceSlimError(code, message, {
    hint: 'Run `trace-slim clean` once the daemon answers again.',
    context,
    cause,
  });
}

async function sent(run: DaemonRun, image: Image, name: string, signal: AbortSignal): Promise<string> {
  if (image.rootfsDirectory) {
    throw new TraceSlimError('USAGE_INVALID', `${image.source} is a folder of this host, which a daemon cannot run`, {
      hint: 'Use --engine local.',
    });
  }
  await loadImage(run, image, name, signal);
  return name;
}

/** This host's programs where the daemon runs such, else those of an image that the daemon makes once. */
async function kitFor(
  daemon: Daemon,
  layout: StateLayout,
  options: { base: string | undefined; signal: AbortSignal },
): Promise<Kit> {
  const isAlike = process.platform === 'linux' && daemon.info.architecture === hostPlatform().architecture;
  if (isAlike && options.base === undefined) {
    // Ports of a container on another machine are reached by it.
    if (!daemon.isLocal) await locate(['socat']);
    return hostKit(daemon, await prepareToolkit(layout, options));
  }
  return imageKit(daemon, await ensureToolImage(daemon, options));
}
