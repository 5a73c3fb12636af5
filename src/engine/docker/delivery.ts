import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import type { MountSettings as ApiMount, Container } from 'dockerode';
import type { Pack } from 'tar-stream';
import { TraceSlimError } from '../../errors.ts';
import { createHostLogs } from '../log-folder.ts';
import { toolkitPrefix } from '../toolkit-paths.ts';
import type { Daemon } from './api/connect.ts';
import { asked } from './api/errors.ts';

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

export interface DeliveryOptions {
  readonly daemon: Daemon;
  readonly runId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Folder of this host that holds the toolkit. */
  readonly toolkitDirectory: string;
  /** Folder of this host for files of this run; its name is that of no other run. */
  readonly directory: string;
}

/**
 * Brings the toolkit to a daemon: by bind mounts where the daemon finds the folders of this host, else through volumes
 * that are filled and read over its API. Which it is, the first container shows: a daemon refuses to bind a folder it
 * does not have, and no other host has one of this run's name.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #prefix: string;
  #bindsFail = false;
  #volume: Promise<string> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#prefix = toolkitPrefix(options.runId);
  }

  /** The ways to be tried for a container, best first. `image` is one to make a container of when a volume is filled. */
  async *ways(name: string, image: string): AsyncGenerator<Delivered> {
    if (this.#options.daemon.isLocal && !this.#bindsFail) yield this.#bound(name);
    yield this.#inVolumes(name, image);
  }

  async #bound(name: string): Promise<Delivered> {
    const { toolkitDirectory, directory } = this.#options;
    const logsDirectory = join(directory, `${name}-logs`);
    await createHostLogs(logsDirectory);
    return {
      mounts: [
        { Type: 'bind', Source: toolkitDirectory, Target: `${this.#prefix}/kit`, ReadOnly: true },
        { Type: 'bind', Source: logsDirectory, Target: `${this.#prefix}/logs` },
      ],
      logsDirectory,
      prepare: async () => {},
      isRefused: (error) => {
        const paths = [toolkitDirectory, directory];
        const isRefused = error instanceof TraceSlimError && paths.some((path) => error.message.includes(path));
        if (isRefused) this.#bindsFail = true;
        return isRefused;
      },
    };
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
    const archive = await newArchive();
    archive.entry({ name: 'logs/', type: 'directory', mode: 0o1777 });
    archive.finalize();
    await upload(container, archive, this.#prefix);
  }

  async #fillVolume(image: string): Promise<string> {
    const { daemon, runId, labels, toolkitDirectory } = this.#options;
    const volume = await this.#createVolume(`trace-slim-${runId}-kit`);
    const filler = await asked(
      daemon.docker.createContainer({
        Image: image,
        Entrypoint: ['/'],
        Labels: { ...labels },
        HostConfig: {
          Mounts: [{ Type: 'volume', Source: volume, Target: '/.trace-slim-kit', VolumeOptions: NO_COPY }],
        },
      }),
      'creating a container for the toolkit',
    );
    try {
      const archive = await newArchive();
      const filled = fill(archive, toolkitDirectory).catch((error: Error) => archive.destroy(error));
      await upload(filler, archive, '/.trace-slim-kit');
      await filled;
    } finally {
      await asked(filler.remove({ force: true }), 'removing the container of the toolkit');
    }
    return volume;
  }

  async #createVolume(name: string): Promise<string> {
    const { daemon, labels } = this.#options;
    await asked(daemon.docker.createVolume({ Name: name, Labels: { ...labels } }), 'creating a volume');
    return name;
  }
}

/** An image's own files at the mount point are not copied into the volume. */
const NO_COPY = { NoCopy: true } as ApiMount['VolumeOptions'] & object;

async function newArchive(): Promise<Pack> {
  const { pack } = await import('tar-stream');
  return pack();
}

async function upload(container: Container, archive: Pack, path: string): Promise<void> {
  await asked(container.putArchive(archive as unknown as Readable, { path }), 'sending the toolkit to the daemon');
}

/** Puts a folder with what is below it into an archive, owned by root. */
async function fill(archive: Pack, root: string, folder = root): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(root, path);
    if (entry.isSymbolicLink()) {
      archive.entry({ name, type: 'symlink', linkname: await readlink(path) });
    } else if (entry.isDirectory()) {
      archive.entry({ name: `${name}/`, type: 'directory', mode: 0o755 });
      await fill(archive, root, path);
    } else {
      const { mode } = await stat(path);
      archive.entry({ name, mode: mode & 0o755 }, await readFile(path));
    }
  }
  if (folder === root) archive.finalize();
}
