import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { creationSeconds } from '../../build/build-image.ts';
import type { Image } from '../../image/types.ts';
import { type Identity, resolveIdentity } from '../../rootfs/identity.ts';
import type { ImagePath } from '../../rootfs/path.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { ContainerSettings } from '../../settings.ts';
import { toolkitPaths } from '../toolkit-paths.ts';
import type { Container, ContainerSpec, OpenedImage } from '../types.ts';
import { DaemonContainer } from './container.ts';
import { containerBody } from './container-body.ts';
import { createDelivered } from './create-container.ts';
import { openPristine, type Pristine } from './pristine.ts';
import type { DaemonRun } from './run.ts';
import type { GraphDriver } from './store.ts';

/** What a daemon says about an image it has. */
export interface StoredImage {
  readonly id: string;
  readonly graphDriver: GraphDriver | undefined;
  /** Of its layers, oldest first. */
  readonly diffIds: readonly string[];
}

interface ImageOptions {
  /** That of no other image of the run. */
  readonly name: string;
  readonly isTemporary: boolean;
  readonly signal: AbortSignal;
  /** What is done before each container. */
  beforeStart(signal: AbortSignal): Promise<void>;
}

/** An image of a daemon, with its pristine files. */
export class DaemonImage implements OpenedImage {
  readonly image: Image;
  readonly #run: DaemonRun;
  readonly #stored: StoredImage;
  readonly #pristine: Pristine;
  readonly #name: string;
  readonly #beforeStart: ImageOptions['beforeStart'];
  #containers = 0;

  private constructor(run: DaemonRun, image: Image, options: StoredImage & ImageOptions, pristine: Pristine) {
    this.#run = run;
    this.image = image;
    this.#stored = options;
    this.#name = options.name;
    this.#beforeStart = options.beforeStart;
    this.#pristine = pristine;
  }

  static async open(run: DaemonRun, image: Image, options: StoredImage & ImageOptions): Promise<DaemonImage> {
    return new DaemonImage(
      run,
      image,
      options,
      await openPristine(run, { ...options, createdSeconds: creationSeconds(image.config, undefined) }),
    );
  }

  get rootfs(): RootFs {
    return this.#pristine.rootfs;
  }

  pack(paths: readonly ImagePath[], options: { signal: AbortSignal }): Readable {
    return this.#pristine.pack(paths, options);
  }

  async start(spec: ContainerSpec, { signal }: { signal: AbortSignal }): Promise<Container> {
    const run = this.#run;
    await this.#beforeStart(signal);
    const identity = await resolveIdentity(this.rootfs, spec.config.User ?? '');
    const hasTracer = spec.hasTracer === true || identity.uid === 0 || (await this.#executesAsRoot(spec));
    const isTracerAlone = hasTracer && !mayTrace(spec.settings);
    const toolkitOf = ({ uid }: Identity) => {
      // Podman gives users other than root what a container was given beyond the usual.
      const tracerCapability = uid === 0 ? 'bounding' : 'ambient';
      return toolkitPaths({ runId: run.id, loader: run.loader, ...(isTracerAlone && { tracerCapability }) });
    };
    const toolkit = toolkitOf(identity);
    const name = `${this.#name}-${++this.#containers}`;
    const { container, delivered } = await createDelivered(run, name, this.#stored.id, (mounts) =>
      containerBody({ spec, image: this.#stored.id, toolkit, hasTracer, labels: run.labels, mounts }),
    );
    try {
      const directory = join(run.directory, name);
      await mkdir(directory, { mode: 0o700 });
      const { logsDirectory } = delivered;
      const { removals } = run;
      const identify = (user: string) => resolveIdentity(this.rootfs, user);
      const users = { toolkitOf, identity, identify };
      const parts = { container, ...users, spec, directory, logsDirectory, removals, isTty: spec.settings.tty };
      return await DaemonContainer.start(parts, { signal });
    } catch (error) {
      await container.remove({ force: true, v: true }).catch(() => {});
      throw error;
    }
  }

  /** Users that are not known are told about when they are needed. */
  async #executesAsRoot({ execUsers = [] }: ContainerSpec): Promise<boolean> {
    const identities = await Promise.allSettled(execUsers.map((user) => resolveIdentity(this.rootfs, user)));
    return identities.some((identity) => identity.status === 'fulfilled' && identity.value.uid === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pristine[Symbol.asyncDispose]();
  }
}

/** Whether the application itself was given what only the tracer gets otherwise. */
function mayTrace({ capAdd }: ContainerSettings): boolean {
  return capAdd.some((name) => /^(?:(?:CAP_)?SYS_PTRACE|ALL)$/i.test(name));
}
