import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { TraceSlimError } from '../../errors.ts';
import type { Image } from '../../image/types.ts';
import { resolveIdentity } from '../../rootfs/identity.ts';
import { type ImagePath, imagePathFromText } from '../../rootfs/path.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { ContainerSettings } from '../../settings.ts';
import { toolkitPaths } from '../toolkit-paths.ts';
import type { Container, ContainerSpec, OpenedImage } from '../types.ts';
import { runCommand } from './command.ts';
import { createLogsDirectory, LocalContainer } from './container.ts';
import { ensureInheritedDirectories } from './inherited-directories.ts';
import { layerName, type UnpackedLayer, unpackedLayers, unpackLayer } from './layer-cache.ts';
import type { LocalRun } from './local-engine.ts';
import { readMountedRootFs } from './mounted-rootfs.ts';
import { systemFileMounts } from './network-files.ts';
import { mountOverlay, unmount } from './overlay.ts';
import { packPaths } from './pack.ts';
import { type Mount, runtimeSpec } from './runtime-spec.ts';
import { createScratch } from './scratch.ts';

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
    const inherited = await ensureInheritedDirectories(run.layout.layers, layers, chainName(image), options);
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
      const inherited = await ensureInheritedDirectories(directory, layers, 'slim', options);
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
    const network = localNetwork(spec.settings);
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
      const logsDirectory = await createLogsDirectory(directory);
      const identity = await resolveIdentity(this.rootfs, spec.config.User ?? '');
      const toolkit = toolkitPaths({ runId: run.id, loader: run.toolkit.loader, isRoot: identity.uid === 0 });
      const mounts = [
        ...(await systemFileMounts(directory, network)),
        ...(await this.#volumeMounts(spec, directory, root.path)),
        bind(run.toolkit.directory, `${toolkit.prefix}/kit`, ['ro', 'nosuid', 'nodev']),
        bind(logsDirectory, toolkit.logs, ['rw', 'nosuid', 'nodev', 'noexec']),
      ];
      const env = spec.env ?? [];
      const bundle = runtimeSpec({
        config: spec.config,
        command: spec.command(toolkit),
        env,
        identity,
        rootDirectory: root.path,
        mounts,
        network,
        cgroupsPath: `/${id}`,
      });
      await writeFile(join(directory, 'config.json'), JSON.stringify(bundle));
      const process = await run.runtime.run(id, directory, {
        directory,
        name: 'main',
        doing: 'starting the container',
      });
      return await LocalContainer.started({
        id,
        runtime: run.runtime,
        process,
        toolkit,
        directory,
        logsDirectory,
        identity,
        config: spec.config,
        env,
        network,
        release: async () => root[Symbol.asyncDispose](),
      });
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.mount[Symbol.asyncDispose]();
    await this.#parts.release();
  }

  /** A volume starts as a copy of what the image has in its place, as Docker fills a new one. */
  async #volumeMounts(spec: ContainerSpec, directory: string, root: string): Promise<Mount[]> {
    const mounts: Mount[] = [];
    // A volume inside of another one is mounted after it; the root cannot be one.
    const volumes = Object.keys(spec.config.Volumes ?? {}).filter((volume) => imagePathFromText(volume) !== '/');
    for (const volume of volumes.sort()) {
      const { entry } = resolvePath(this.rootfs, imagePathFromText(volume));
      const source = join(directory, `volume-${mounts.length}`);
      if (entry?.type === 'directory') {
        const content = Buffer.from(`${root}${entry.path}/.`, 'latin1').toString();
        await runCommand('cp', ['-a', '--', content, source], { doing: `filling the volume ${volume}` });
      } else {
        await mkdir(source, { mode: 0o755 });
      }
      mounts.push(bind(source, volume, ['rw']));
    }
    return mounts;
  }
}

function localNetwork({ network = 'none' }: ContainerSettings): 'none' | 'host' {
  if (network === 'none' || network === 'host') return network;
  throw new TraceSlimError('USAGE_INVALID', `the built-in engine has no network ${network}`, {
    hint: 'Use --network none or host, or --engine docker.',
  });
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

function bind(source: string, destination: string, options: readonly string[]): Mount {
  return { destination, type: 'bind', source, options: ['bind', ...options] };
}
