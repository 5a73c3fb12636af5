import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { MountSettings as ApiMount, Container } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { createHostLogs } from '../host/log-folder.ts';
import { toolkitPrefix } from '../toolkit-paths.ts';
import type { Daemon } from './api/connect.ts';
import { asked } from './api/errors.ts';
import { type Kit, NO_COPY } from './kit.ts';

/** How the toolkit gets into one container and its logs get out. */
export interface Delivered {
  readonly mounts: readonly ApiMount[];
  /** The container's log folder, when it is one of this host. */
  readonly logsDirectory: string | undefined;
  /** To be called once the container is created, before it is started. */
  prepare(container: Container): Promise<void>;
  /** True when a failed creation only says that the daemon cannot be served this way. */
  isRefused(error: unknown): boolean;
}

/** A file that only a log folder of this host has. */
const MARK = '.bound';

export interface DeliveryOptions {
  readonly daemon: Daemon;
  readonly runId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kit: Kit;
  /** Folder of this host for files of this run; its name is that of no other run. */
  readonly directory: string;
}

/**
 * Brings the toolkit to a daemon: by bind mounts where the daemon finds the folders of this host, else through volumes
 * that are filled and read over its API. Which it is, the first container shows: a daemon refuses to bind a folder it
 * does not have, or makes an empty one, and no other host has one of this run's name.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #prefix: string;
  #bindsFail = false;
  #isBound = false;
  #volume: Promise<string> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#prefix = toolkitPrefix(options.runId);
  }

  /** The ways to be tried for a container, best first. `image` is one to make a container of when a volume is filled. */
  async *ways(name: string, image: string): AsyncGenerator<Delivered> {
    const { daemon, kit } = this.#options;
    if (daemon.isLocal && kit.directory !== undefined && !this.#bindsFail) yield this.#bound(name, kit.directory);
    yield this.#inVolumes(name, image);
  }

  async #bound(name: string, kitDirectory: string): Promise<Delivered> {
    const { directory } = this.#options;
    const logsDirectory = join(directory, `${name}-logs`);
    await createHostLogs(logsDirectory);
    await writeFile(join(logsDirectory, MARK), '');
    return {
      mounts: [
        { Type: 'bind', Source: kitDirectory, Target: `${this.#prefix}/kit`, ReadOnly: true },
        { Type: 'bind', Source: logsDirectory, Target: `${this.#prefix}/logs` },
      ],
      logsDirectory,
      prepare: (container) => this.#checkBound(container, logsDirectory),
      isRefused: (error) => {
        const paths = [kitDirectory, directory];
        const isRefused = error instanceof TraceSlimError && paths.some((path) => error.message.includes(path));
        if (isRefused) this.#bindsFail = true;
        return isRefused;
      },
    };
  }

  /** Podman makes what it does not have; then there is nothing in it. A toolkit of the same name may be there too. */
  async #checkBound(container: Container, logsDirectory: string): Promise<void> {
    if (this.#isBound) return;
    const looking = container.infoArchive({ path: `${this.#prefix}/logs/${MARK}` });
    await asked(looking, `binding ${logsDirectory}`);
    this.#isBound = true;
  }

  async #inVolumes(name: string, image: string): Promise<Delivered> {
    this.#volume ??= this.#fillVolume(image);
    const kit = await this.#volume;
    const logs = await this.#createVolume(`${name}-logs`);
    return {
      mounts: [
        { Type: 'volume', Source: kit, Target: `${this.#prefix}/kit`, ReadOnly: true, VolumeOptions: NO_COPY },
        { Type: 'volume', Source: logs, Target: `${this.#prefix}/logs`, VolumeOptions: NO_COPY },
      ],
      logsDirectory: undefined,
      prepare: (container) => this.#openLogs(container),
      isRefused: () => false,
    };
  }

  /** Every user of the container may write there. */
  async #openLogs(container: Container): Promise<void> {
    const { pack } = await import('tar-stream');
    const archive = pack();
    archive.entry({ name: 'logs/', type: 'directory', mode: 0o1777 });
    archive.finalize();
    await asked(container.putArchive(archive as unknown as Readable, { path: this.#prefix }), 'opening the log folder');
  }

  async #fillVolume(image: string): Promise<string> {
    const { runId, labels, kit } = this.#options;
    const volume = await this.#createVolume(`trace-slim-${runId}-kit`);
    await kit.fill(volume, { image, labels });
    return volume;
  }

  async #createVolume(name: string): Promise<string> {
    const { daemon, labels } = this.#options;
    await asked(daemon.docker.createVolume({ Name: name, Labels: { ...labels } }), 'creating a volume');
    return name;
  }
}
