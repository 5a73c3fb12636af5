import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Image } from '../../image/types.ts';
import { type ImagePath, imagePathFromText } from '../../rootfs/path.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import { runCommand } from '../host/command.ts';
import { ensureInheritedDirectories } from '../host/inherited-directories.ts';
import { layerName, type UnpackedLayer, unpackedLayers, unpackLayer } from '../host/layer-cache.ts';
import { readMountedRootFs } from '../host/mounted-rootfs.ts';
import { mountOverlay, unmount } from '../host/overlay.ts';
import { packPaths } from '../host/pack.ts';
import type { Container, ContainerSpec, OpenedImage } from '../types.ts';
import { checkContainerSettings } from './check-settings.ts';
import type { LocalRun } from './local-engine.ts';
import { createScratch } from './scratch.ts';
import { startContainer } from './start-container.ts';

interface Parts {
  readonly run: LocalRun;
  readonly image: Image;
  readonly mount: AsyncDisposable & { path: string };
  readonly rootfs: RootFs;
  /** Folders of the layers, top first. */
  readonly lower: readonly string[];
  /** Undoes what was made for this image alone. */
  readonly release: () => Promise<void>;
}

/** An image whose layers are unpacked, with its pristine file system mounted read-only. */
export class LocalImage implements OpenedImage {
  readonly image: Image;
  readonly rootfs: RootFs;
  readonly #parts: Parts;
  #containers = 0;

  private constructor(parts: Parts) {
    this.image = parts.image;
    this.rootfs = parts.rootfs;
    this.#parts = parts;
  }

  /** An image whose layers are in the cache, or a plain directory of this host. */
  static async mount(run: LocalRun, image: Image, options: { signal: AbortSignal }): Promise<LocalImage> {
    if (image.rootfsDirectory) return LocalImage.#mountDirectory(run, image, image.rootfsDirectory, options);
    const layers = await unpackedLayers(run.layout, image.layers);
    const lower = layers.map(({ name }) => name);
    const inherited = await ensureInheritedDirectories(
      run.layout.layers,
      async () => layers,
      chainName(image),
      options,
    );
    if (inherited) lower.unshift(inherited);
    const listing = join(run.layout.listings, chainName(image));
    return LocalImage.#mountLower({ run, image, lower, listing, release: async () => {} }, options);
  }

  /** An image that is unpacked for this run only. */
  static async unpackAndMount(run: LocalRun, image: Image, options: { signal: AbortSignal }): Promise<LocalImage> {
    const directory = join(run.directory, `layers-${randomName()}`);
    const totalBytes = image.layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
    const release = await createScratch(directory, totalBytes);
    try {
      const layers: UnpackedLayer[] = [];
      for (const layer of image.layers) {
        const name = layerName(layer.diffId);
        await mkdir(join(directory, name), { recursive: true, mode: 0o755 });
        layers.unshift({ name, facts: await unpackLayer(layer, join(directory, name), options) });
      }
      const inherited = await ensureInheritedDirectories(directory, async () => layers, 'slim', options);
      const lower = [...(inherited ? [inherited] : []), ...layers.map(({ name }) => name)].map((name) =>
        join(directory, name),
      );
      return await LocalImage.#mountLower({ run, image, lower, listing: undefined, release }, options);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** The directory is bound below the run first, since its own name may hold `:`. */
  static async #mountDirectory(
    run: LocalRun,
    image: Image,
    directory: string,
    options: { signal: AbortSignal },
  ): Promise<LocalImage> {
    const bound = join(run.directory, `rootfs-${randomName()}`);
    await mkdir(bound);
    await runCommand('mount', ['--bind', '-o', 'ro', directory, bound], { doing: `binding ${directory}` });
    try {
      return await LocalImage.#mountLower(
        { run, image, lower: [bound], listing: undefined, release: () => unmount(bound) },
        options,
      );
    } catch (error) {
      await unmount(bound);
      throw error;
    }
  }

  static async #mountLower(
    parts: Omit<Parts, 'mount' | 'rootfs'> & { listing: string | undefined },
    options: { signal: AbortSignal },
  ): Promise<LocalImage> {
    const { run, lower, listing } = parts;
    const directory = join(run.directory, `image-${randomName()}`);
    const mount = await mountOverlay({
      layersDirectory: run.layout.layers,
      lower,
      directory,
      writable: false,
      signal: options.signal,
    });
    try {
      const rootfs = await readMountedRootFs(mount.path, listing, options);
      return new LocalImage({ ...parts, mount, rootfs });
    } catch (error) {
      await mount[Symbol.asyncDispose]();
      throw error;
    }
  }

  pack(paths: readonly ImagePath[], options: { signal: AbortSignal }): Readable {
    return packPaths(this.#parts.mount.path, paths, options);
  }

  async start(spec: ContainerSpec, options: { signal: AbortSignal }): Promise<Container> {
    const { run, lower } = this.#parts;
    await checkContainerSettings(spec.settings);
    const id = `trace-slim-${run.id}-${randomName()}-${++this.#containers}`;
    const directory = join(run.directory, id);
    await mkdir(directory, { mode: 0o711 });
    const root = await mountOverlay({
      layersDirectory: run.layout.layers,
      lower,
      directory: join(directory, 'root'),
      writable: true,
      rootEntry: this.rootfs.get(imagePathFromText('/')),
      signal: options.signal,
    });
    try {
      const release = async () => root[Symbol.asyncDispose]();
      return await startContainer(spec, { run, rootfs: this.rootfs, id, directory, root: root.path, release });
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.mount[Symbol.asyncDispose]();
    await this.#parts.release();
  }
}

function randomName(): string {
  return randomBytes(3).toString('hex');
}

function chainName(image: Image): string {
  return createHash('sha256')
    .update(image.layers.map((layer) => layer.diffId).join(' '))
    .digest('hex')
    .slice(0, 32);
}
